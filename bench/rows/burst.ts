import { CommandFailed, runAsync, type Finished } from "../command.ts";
import type { SocketEngine } from "../contender.ts";
import { interleave, median, pairRatio, cpuOf, type Entry, type Series } from "../measure.ts";
import type { Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

interface Burst {
  readonly total: number;
  readonly atATime: number;
}

/** Containers one, four and sixteen at a time, by the docker CLI on both. A single failure fails the row. */
export async function* burstRows(session: Session): AsyncGenerator<Row> {
  yield await burstRow(session, { total: 40, atATime: 1 });
  yield await burstRow(session, { total: 100, atATime: 4 });
  yield { ...(await burstRow(session, { total: 200, atATime: 16 })), target: { kind: "at least", ratio: 6 } };
}

async function burstRow({ engines }: Session, size: Burst): Promise<Row> {
  const entries = engines.map((engine): Entry => {
    return { label: engine.name, contender: engine, run: () => burst(engine, size) };
  });
  const { series, noisy } = await interleave(entries, 2, false);
  const [ours, other] = series;
  return {
    group: "burst",
    title: `docker CLI on both: ${size.total} × run --rm busybox true, ${size.atATime} at a time (no failures)`,
    unit: "/s",
    cells: series.map((one) => rateCell(one, size)),
    ...(ours &&
      other && { ratio: 1 / pairRatio(ours, other, ({ wallMs }) => wallMs), cpuRatio: pairRatio(ours, other, cpuOf) }),
    samples: ours?.samples.length ?? 0,
    noisy,
  };
}

function rateCell({ label, samples }: Series, { total }: Burst): Row["cells"][number] {
  return {
    label,
    value: (total * 1000) / median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(cpuOf)),
  };
}

async function burst(engine: SocketEngine, { total, atATime }: Burst): Promise<Finished> {
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
