import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { JsonFileSink } from "./json-file.ts";
import type { LogMessage } from "./message.ts";

const directory = mkdtempSync("/tmp/lighter-json-log-");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const freshPath = (): string => `${directory}/${++files}-json.log`;

const message = (text: string, partial?: LogMessage["partial"]): LogMessage => ({
  stream: "stdout",
  timeNs: 1_795_233_665_500_000_000n,
  text: Buffer.from(text, "latin1"),
  ...(partial && { partial }),
});
const unbounded = { maxBytes: Infinity, maxFiles: 1, compress: false };

/** All files of a log, oldest first. */
function contents(path: string): string {
  const numbered = readdirSync(directory)
    .map((name) => `${directory}/${name}`)
    .filter((name) => name.startsWith(`${path}.`) && /\.\d+(?:\.gz)?$/.test(name))
    .toSorted(
      (a, b) => Number(/\.(\d+)/.exec(b.slice(path.length))?.[1]) - Number(/\.(\d+)/.exec(a.slice(path.length))?.[1]),
    );
  const read = (name: string): Buffer => (name.endsWith(".gz") ? gunzipSync(readFileSync(name)) : readFileSync(name));
  return [...numbered, path].map((name) => (existsSync(name) ? read(name).toString() : "")).join("");
}

test("lines are Docker's, byte for byte", async () => {
  const path = freshPath();
  using sink = new JsonFileSink(path, unbounded, { tag: "t", A: "x<y" }, undefined);
  await sink.write(
    [
      message('a\tb<&>"\\\x01\xff\r'),
      message("part", { ordinal: 1, isLast: false }),
      message("end", { ordinal: 2, isLast: true }),
    ],
    () => undefined,
  );
  const rest = String.raw`"stdout","attrs":{"A":"x\u003cy","tag":"t"},"time":"2026-11-21T04:01:05.5Z"}`;
  expect(readFileSync(path, "utf8").split("\n")).toEqual([
    String.raw`{"log":"a\u0009b\u003c\u0026\u003e\"\\\u0001` + `\ufffd` + String.raw`\r\n","stream":${rest}`,
    `{"log":"part","stream":${rest}`,
    String.raw`{"log":"end\n","stream":${rest}`,
    "",
  ]);
});

test.each([1, 2, 4])("at most %p files of the size that was asked for", async (maxFiles) => {
  const path = freshPath();
  using sink = new JsonFileSink(path, { maxBytes: 1000, maxFiles, compress: false }, {}, undefined);
  for (let at = 0; at < 100; at++) await sink.write([message(`line ${at}`)], () => undefined);
  const text = contents(path).trimEnd().split("\n");
  expect(text.length).toBeLessThanOrEqual(maxFiles * 14);
  expect(text.map((line) => (JSON.parse(line) as { log: string }).log)).toEqual(
    text.map((_, at) => `line ${100 - text.length + at}\n`),
  );
});

test("rotated files are compressed when that was asked for", async () => {
  const path = freshPath();
  using sink = new JsonFileSink(path, { maxBytes: 1000, maxFiles: 3, compress: true }, {}, undefined);
  for (let at = 0; at < 40; at++) await sink.write([message(`line ${at}`)], () => undefined);
  await sink.settled();
  expect(
    readdirSync(directory)
      .filter((name) => `${directory}/${name}`.startsWith(path))
      .toSorted(),
  ).toEqual(["", ".1.gz", ".2.gz"].map((suffix) => `${path.slice(directory.length + 1)}${suffix}`));
});

class Killed extends Error {}

test.each([1, 2, 3])(
  "an engine that dies at any save goes on without a line lost or doubled, with %p files",
  async (maxFiles) => {
    const bounds = { maxBytes: 600, maxFiles: maxFiles === 1 ? 1 : 50, compress: false };
    const batches = Array.from({ length: 12 }, (_, batch) =>
      Array.from({ length: 9 }, (_line, line) => message(`batch ${batch} line ${line}`)),
    );
    const expected = freshPath();
    await writeAll(expected, bounds, batches, () => undefined);
    let isWhole = false;
    for (let at = 0; !isWhole; at++) {
      const path = freshPath();
      const saved = { batch: 0, state: undefined as unknown };
      const run = async (saves: number): Promise<boolean> => {
        let left = saves;
        const save = (batch: number, state: unknown): void => {
          Object.assign(saved, { batch, state });
          if (left-- === 0) throw new Killed();
        };
        return writeAll(path, bounds, batches, save, { ...saved }).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Killed) return false;
            throw error;
          },
        );
      };
      isWhole = await run(at);
      // Dies again soon, then lives.
      await run(at % 4);
      expect(await run(Infinity)).toBe(true);
      if (maxFiles > 1) expect(contents(path)).toBe(contents(expected));
      else
        expect(contents(path).trimEnd().split("\n").at(-1)).toBe(contents(expected).trimEnd().split("\n").at(-1) ?? "");
    }
  },
  30_000,
);

/** @param save called with what a checkpoint would hold, before it counts as kept */
async function writeAll(
  path: string,
  bounds: ConstructorParameters<typeof JsonFileSink>[1],
  batches: readonly (readonly LogMessage[])[],
  save: (batch: number, state: unknown) => void,
  from: { readonly batch: number; readonly state: unknown } = { batch: 0, state: undefined },
): Promise<void> {
  using sink = new JsonFileSink(path, bounds, {}, from.state);
  for (const [batch, messages] of batches.entries()) {
    if (batch < from.batch) continue;
    await sink.write(messages, (own) => save(batch, own));
    save(batch + 1, sink.state());
  }
}
