import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readLog, readOutput, type LogReadOptions, type LogRecord } from "./mod.ts";
import { findTail } from "./log-tail.ts";

const directory = mkdtempSync("/tmp/lighter-log-");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;

function logOf(content: string | Uint8Array): string {
  const path = `${directory}/${++files}.log`;
  writeFileSync(path, content);
  return path;
}

function entry(second: number, stream: "stdout" | "stderr", tag: "F" | "P", content: string): string {
  return `2026-11-21T04:01:${String(second).padStart(2, "0")}.010275379+00:00 ${stream} ${tag} ${content}\n`;
}

async function records(path: string, options: LogReadOptions = {}): Promise<LogRecord[]> {
  return Array.fromAsync(readLog(path, options, new AbortController().signal));
}

async function text(path: string, options: LogReadOptions = {}): Promise<string> {
  const parts: string[] = [];
  for (const { data } of await records(path, options)) parts.push(Buffer.from(data).toString("latin1"));
  return parts.join("");
}

const numbered = (count: number): string =>
  Array.from({ length: count }, (_, i) => entry(i % 60, "stdout", "F", `line ${i}`)).join("");

describe("readLog", () => {
  test("a record has its stream, time, bytes and whether it goes on", async () => {
    const path = logOf(entry(1, "stdout", "F", "foo") + entry(2, "stderr", "P", "bar") + entry(2, "stdout", "F", ""));
    const base = BigInt(Date.parse("2026-11-21T04:01:00Z")) * 1_000_000n + 10_275_379n;
    expect((await records(path)).map((record) => ({ ...record, data: Buffer.from(record.data).toString() }))).toEqual([
      { stream: "stdout", timeNs: base + 1_000_000_000n, data: "foo\n", partial: false },
      { stream: "stderr", timeNs: base + 2_000_000_000n, data: "bar", partial: true },
      { stream: "stdout", timeNs: base + 2_000_000_000n, data: "\n", partial: false },
    ]);
  });

  test("an offset of the zone is taken off", async () => {
    const path = logOf("2026-11-21T06:01:00.5+02:00 stdout F x\n");
    expect((await records(path))[0]?.timeNs).toBe(BigInt(Date.parse("2026-11-21T04:01:00.5Z")) * 1_000_000n);
  });

  test("bytes are not re-encoded, lines of any length pass", async () => {
    const head = "2026-11-21T04:01:00Z stdout F ";
    const content = Buffer.alloc(700_000, 0xff);
    const path = logOf(
      Buffer.concat([Buffer.from(head), content, Buffer.from("\n"), Buffer.from(entry(3, "stdout", "F", "after"))]),
    );
    const [long, after] = await records(path);
    expect(Buffer.compare(Buffer.concat([content, Buffer.from("\n")]), Buffer.from(long?.data ?? []))).toBe(0);
    expect(Buffer.from(after?.data ?? []).toString()).toBe("after\n");
  });

  test("since and until cut by time", async () => {
    const path = logOf(numbered(10));
    const at = (second: number): bigint => BigInt(Date.parse(`2026-11-21T04:01:0${second}Z`)) * 1_000_000n;
    expect(await text(path, { sinceNs: at(3), untilNs: at(6) })).toBe("line 3\nline 4\nline 5\n");
  });

  test("lines that are no records are skipped, an unfinished last one is not read", async () => {
    const path = logOf(`garbage\n\n${entry(1, "stdout", "F", "a")}2026-11-21T04:01:00Z stdout F unfinis`);
    expect(await text(path)).toBe("a\n");
  });

  test("a missing file is empty", async () => {
    expect(await records(`${directory}/missing.log`)).toEqual([]);
  });

  test("an offset begins there", async () => {
    const first = entry(1, "stdout", "F", "a");
    expect(
      await text(logOf(first + entry(2, "stdout", "F", "b")), { from: { segment: 1, offset: first.length } }),
    ).toBe("b\n");
  });
});

describe("tail", () => {
  const path = logOf(numbered(20_000));
  test.each([0, 1, 2, 999, 5000, 19_999, 20_000, 30_000])("of %p lines", async (tail) => {
    const lines = (await text(path, { tail })).split("\n").slice(0, -1);
    const count = Math.min(tail, 20_000);
    expect(lines).toEqual(Array.from({ length: count }, (_, i) => `line ${20_000 - count + i}`));
  });

  test("counts lines, not their parts, and an unfinished rest as one", async () => {
    const log = [
      ["F", "one"],
      ["P", "tw"],
      ["P", "o"],
      ["F", "!"],
      ["F", "three"],
      ["P", "fo"],
      ["P", "ur"],
    ] as const;
    const parts = logOf(log.map(([tag, content]) => entry(1, "stdout", tag, content)).join(""));
    expect(await text(parts, { tail: 1 })).toBe("four");
    expect(await text(parts, { tail: 2 })).toBe("three\nfour");
    expect(await text(parts, { tail: 3 })).toBe("two!\nthree\nfour");
  });

  test("finds lines longer than the chunk it scans", async () => {
    const long = "x".repeat(200_000);
    const parts = logOf(entry(1, "stdout", "F", "a") + entry(1, "stdout", "F", long) + entry(1, "stdout", "F", "b"));
    expect(await text(parts, { tail: 2 })).toBe(`${long}\nb\n`);
  });

  test("reads no more than it needs", async () => {
    expect(await findTail(path, 1)).toEqual({ segment: 1, offset: numbered(19_999).length });
  });
});

describe("follow", () => {
  test("nothing is lost between writer and reader, and it finishes when the writer has ended", async () => {
    const path = `${directory}/follow.log`;
    const ended = Promise.withResolvers<void>();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { data } of readOutput(
        path,
        { follow: { ended: ended.promise } },
        new AbortController().signal,
      )) {
        seen.push(Buffer.from(data).toString());
      }
    })();
    let expected = "";
    for (let i = 0; i < 300; i++) {
      const line = entry(1, "stdout", "F", `n ${i}`);
      // A writer may stop within a line.
      appendFileSync(path, line.slice(0, i % line.length));
      if (i % 7 === 0) await Bun.sleep(0);
      appendFileSync(path, line.slice(i % line.length));
      expected += `n ${i}\n`;
    }
    ended.resolve();
    await reading;
    expect(seen.join("")).toBe(expected);
  });

  test("an abort ends it", async () => {
    const path = logOf(entry(1, "stdout", "F", "a"));
    const stop = new AbortController();
    const seen: LogRecord[] = [];
    for await (const record of readLog(path, { follow: { ended: new Promise(() => undefined) } }, stop.signal)) {
      seen.push(record);
      stop.abort();
    }
    expect(seen).toHaveLength(1);
  });
});

test("output is joined per run of one stream", async () => {
  const path = logOf(
    entry(1, "stdout", "F", "a") +
      entry(1, "stdout", "P", "b") +
      entry(1, "stderr", "F", "e") +
      entry(1, "stdout", "F", "c"),
  );
  const chunks = await Array.fromAsync(readOutput(path, {}, new AbortController().signal));
  expect(chunks.map(({ stream, data }) => [stream, Buffer.from(data).toString()])).toEqual([
    ["stdout", "a\nb"],
    ["stderr", "e\n"],
    ["stdout", "c\n"],
  ]);
});
