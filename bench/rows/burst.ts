import { CommandFailed, runAsync, type Finished } from "../command.ts";
import type { SocketEngine } from "../contender.ts";
import { interleave, median, pairRatio, cpuOf, type Entry, type Series } from "../measure.ts";
import type { Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const total = 200;
const atATime = 16;

/** 200 containers, 16 at a time, by the docker CLI on both. A single failure fails the row. */
export async function* burstRows({ engines }: Session): AsyncGenerator<Row> {
  const entries = engines.map((engine): Entry => ({ label: engine.name, contender: engine, run: () => burst(engine) }));
  const { series, noisy } = await interleave(entries, 2, false);
  const [ours, other] = series;
  yield {
    group: "burst",
    title: `docker CLI on both: ${total} × run --rm busybox true, ${atATime} at a time (no failures)`,
    unit: "/s",
    cells: series.map(rateCell),
    target: { kind: "at least", ratio: 5 },
    ...(ours &&
      other && { ratio: 1 / pairRatio(ours, other, ({ wallMs }) => wallMs), cpuRatio: pairRatio(ours, other, cpuOf) }),
    samples: ours?.samples.length ?? 0,
    noisy,
  };
}

function rateCell({ label, samples }: Series): Row["cells"][number] {
  return {
    label,
    value: (total * 1000) / median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(cpuOf)),
  };
}

async function burst(engine: SocketEngine): Promise<Finished> {
  let left = total;
  const results: (Finished | CommandFailed)[] = [];
  const worker = async (): Promise<void> => {
    while (left-- > 0) results.push(await runAsync(["docker", "run", "--rm", busybox, "true"], { env: engine.env }));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: atATime }, worker));
  const wallMs = performance.now() - start;
  const failures = results.filter((result) => result instanceof CommandFailed);
  if (failures[0])
    throw new CommandFailed(
      `${engine.name}: ${failures.length} of ${total} failed, the first with ${failures[0].message}`,
    );
  return { wallMs, cpuMs: results.reduce((sum, result) => sum + (result as Finished).cpuMs, 0), stdout: "" };
}
