import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/mod.ts";
import { versionFacts } from "../../src/cli/version-facts.ts";
import type { Output } from "#term";
import { formatEntry, parseSession, splitWords } from "../support/golden-session.ts";
import { openRecordedEngine, type RecordedEngine } from "../support/recorded-engine.ts";
import { removeTestTree } from "../support/remove.ts";
import { known } from "../golden/cli/known.ts";

/**
 * Each file of test/golden/cli holds command lines and what the docker CLI prints and asks for when a recorded engine
 * answers. lighter must do the same, byte for byte, apart from `known.ts`; docker too where it is installed, so that the files stay true.
 * LIGHTER_UPDATE_GOLDEN=1 writes them anew from docker: to add a case, add its `$ docker …` line.
 */
const golden = join(import.meta.dirname, "../golden/cli");
/** What lighter prints for the lines of known.ts. */
const ownPath = join(golden, "own/known.txt");
const ownBlocks = (): ReadonlyMap<string, string> => parseSession(readFileSync(ownPath, "utf8"));
const isUpdate = process.env["LIGHTER_UPDATE_GOLDEN"] === "1";
const docker = Bun.which("docker");
/** The docker that wrote the files; others have other texts here and there. */
const writer = "28.2.2";
const isSameDocker = docker !== null && Bun.spawnSync([docker, "--version"]).stdout.toString().includes(` ${writer}`);

let work = "";
let engine: RecordedEngine;
beforeAll(async () => {
  work = mkdtempSync(`/tmp/lighter-test-${process.pid}-golden-`);
  cpSync(join(golden, "files"), join(work, "files"), { recursive: true });
  engine = await openRecordedEngine(join(work, "engine.sock"));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  removeTestTree(work);
});

interface Printed {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

const environment = (): Record<string, string> => ({
  HOME: work,
  DOCKER_CONFIG: join(work, "files/config"),
  DOCKER_HOST: `unix://${engine.socket}`,
  OWN: "from the environment",
  TZ: "UTC",
});

async function byLighter(argv: readonly string[]): Promise<Printed> {
  const texts = { out: "", err: "" };
  const output = (key: "out" | "err"): Output => ({
    isTty: false,
    write: (data) => void (texts[key] += Buffer.from(data as string).toString()),
    writeAsync: async (data) => void (texts[key] += Buffer.from(data).toString()),
    size: () => undefined,
  });
  const code = await runCli({
    argv,
    env: environment(),
    cwd: join(work, "files"),
    stdout: output("out"),
    stderr: output("err"),
    stdin: () => new Blob([]).stream(),
  });
  return { ...texts, code };
}

async function byDocker(argv: readonly string[]): Promise<Printed> {
  const child = Bun.spawn([docker ?? "docker", ...argv], {
    cwd: join(work, "files"),
    env: { PATH: process.env["PATH"] ?? "", ...environment() },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** What one client does with the line, as a golden file has it. */
async function block(line: string, client: (argv: readonly string[]) => Promise<Printed>): Promise<string> {
  engine.takeRequests();
  const printed = await client(splitWords(line).slice(1));
  return formatEntry({ line, ...named(printed), requests: engine.takeRequests() })
    .replace(/\/tmp\/(?:docker|lighter)-test-\d+-golden-\w+/g, "WORK")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000 UTC/g, "CREATED");
}

/** Debian's build of docker has a typing error in its hint; `lighter` says its own name. */
function named({ out, err, code }: Printed): Printed {
  const clean = (text: string): string =>
    text
      .replaceAll(versionFacts.version, "VERSION")
      .replaceAll(Bun.version, "RUNTIME")
      .replaceAll("lighter", "docker")
      .replace(/^SRun '/gm, "Run '");
  return { out: clean(out), err: clean(err), code };
}

const files = readdirSync(golden).filter((name) => name.endsWith(".txt"));

async function writeAnew(): Promise<void> {
  for (const name of files) {
    const path = join(golden, name);
    const blocks: string[] = [];
    for (const line of parseSession(readFileSync(path, "utf8")).keys()) blocks.push(await block(line, byDocker));
    writeFileSync(path, blocks.join("\n"));
  }
  const own: string[] = [];
  for (const line of known.keys()) own.push(await block(line, byLighter));
  writeFileSync(ownPath, own.join("\n"));
}
if (isUpdate && docker !== null) test("golden files are written anew", writeAnew, 600_000);

describe.each(files)("%s", (name) => {
  const session = [...parseSession(readFileSync(join(golden, name), "utf8"))];
  test.each(session)("%s", async (line, expected) => {
    const own = await block(line, byLighter);
    if (known.has(line)) expect(own).not.toBe(expected);
    expect(own).toBe(known.has(line) ? (ownBlocks().get(line) ?? "") : expected);
  });
  if (isSameDocker)
    test("as docker prints it", async () => {
      for (const [line, expected] of session) expect(await block(line, byDocker)).toBe(expected);
    }, 120_000);
});

test("what is known to differ is tested", () => {
  const lines = files.flatMap((name) => [...parseSession(readFileSync(join(golden, name), "utf8")).keys()]);
  expect([...known.keys()].filter((line) => !lines.includes(line))).toEqual([]);
});
