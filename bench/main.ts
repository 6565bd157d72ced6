/**
 * `npm run bench`: lighter beside a real Docker Engine, and Podman where there is one, in one sitting. Absolute times mean
 * nothing from one run to the next; ratios of samples taken in turn do, and processor time holds still on a busy machine.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { resolve } from "node:path";
import { cgroup2Mount } from "./cgroup.ts";
import { CommandFailed } from "./command.ts";
import { readOptions, usage, type BenchOptions } from "./options.ts";
import { formatRow, passes, summary, type Row } from "./report.ts";
import { adoptRows } from "./rows/adopt.ts";
import { buildRows } from "./rows/build.ts";
import { burstRows } from "./rows/burst.ts";
import { densityRows } from "./rows/density.ts";
import { dynmodsRows } from "./rows/dynmods.ts";
import { execRows } from "./rows/exec.ts";
import { imageRows } from "./rows/images.ts";
import { containerRows, memoryRow } from "./rows/memory.ts";
import { listRows } from "./rows/list.ts";
import { runRows } from "./rows/run.ts";
import { statsRows } from "./rows/stats.ts";
import { stopRows } from "./rows/stop.ts";
import { versionRows } from "./rows/version.ts";
import { openSession, type Session } from "./session.ts";

type Group = (session: Session) => AsyncGenerator<Row>;

/** In this order: memory is looked at before, between and after the work. */
const groups: readonly (readonly [name: string, rows: Group])[] = [
  [
    "memory",
    async function* (session) {
      yield await memoryRow(session, "idle", { kind: "at most", ratio: 0.5 });
      yield* containerRows(session);
    },
  ],
  ["version", versionRows],
  ["run", runRows],
  ["exec", execRows],
  ["build", buildRows],
  ["burst", withMemory(burstRows, "after 200 runs, 16 at a time")],
  ["list", listRows],
  ["stats", statsRows],
  ["stop", stopRows],
  ["density", densityRows],
  ["images", withMemory(imageRows, "after load, save and import")],
  ["dynmods", dynmodsRows],
  ["adopt", adoptRows],
];

function withMemory(rows: Group, title: string): Group {
  return async function* (session) {
    yield* rows(session);
    yield await memoryRow(session, title);
  };
}

async function measure(options: BenchOptions): Promise<readonly Row[]> {
  await using session = await openSession(options);
  printHead(session);
  const rows: Row[] = [];
  for (const [name, group] of groups) {
    if (options.only.size > 0 && !options.only.has(name)) continue;
    for await (const row of measured(name, group, session)) {
      rows.push(row);
      console.log(`\n${formatRow(row)}`);
    }
  }
  return rows;
}

/** A command that fails ends its group, not the bench. */
async function* measured(name: string, group: Group, session: Session): AsyncGenerator<Row> {
  try {
    yield* group(session);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    yield { group: name, title: name, unit: "ms", cells: [], failure: error.message };
  }
}

function printHead({ engines, podman, peer }: Session): void {
  const dynmods = cgroup2Mount()?.options.includes("favordynmods") ? "on" : "off";
  console.log(`Linux ${release()}, ${cpus().length} processors, cgroup v2 favordynmods ${dynmods} for all`);
  for (const { name, facts } of engines) console.log(`${name}: ${facts}`);
  if (podman) console.log(`podman: ${podman.facts}`);
  if (!peer)
    console.log("no Docker Engine to compare with: our figures alone (LIGHTER_BENCH_PEER, or dockerd on PATH)");
}

const options = readOptions(process.argv.slice(2), process.env, resolve(import.meta.dirname, ".."));
if (options === undefined) console.log(usage);
else {
  const rows = await measure(options);
  console.log(`\n${summary(rows)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, undefined, 2)}\n`);
  const broken = rows.some(({ failure }) => failure !== undefined);
  const missed = rows.some((row) => passes(row) === false);
  process.exitCode = broken || (options.strict && missed) ? 1 : 0;
}
