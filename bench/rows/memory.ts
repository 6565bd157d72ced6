import type { SocketEngine } from "../contender.ts";
import { pssOf } from "../memory.ts";
import type { Row, Target } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const containers = 10;

/** What an engine gives back after a while without work counts in its favour. */
const idleMs = 15_000;

/** Proportional set size of all processes of each engine, now. */
export async function memoryRow({ engines }: Session, title: string, target?: Target): Promise<Row> {
  await Bun.sleep(idleMs);
  const cells = engines.map((engine) => ({ label: engine.name, value: pssOf(engine.pids()) }));
  return {
    group: "memory",
    title: `memory (PSS of all engine processes): ${title}`,
    unit: "MB",
    cells,
    ...ratioOf(cells),
    ...(target && { target }),
  };
}

/** What one more idle container costs, its own process aside. */
export async function* containerRows({ engines }: Session): AsyncGenerator<Row> {
  const cells = [];
  for (const engine of engines) cells.push({ label: engine.name, value: await perContainer(engine) });
  yield {
    group: "memory",
    title: `memory (PSS) for each idle container, of ${containers}`,
    unit: "MB",
    cells,
    ...ratioOf(cells),
  };
}

async function perContainer(engine: SocketEngine): Promise<number> {
  using scope = new DisposableStack();
  await Bun.sleep(idleMs);
  const before = pssOf(engine.pids());
  for (let number = 0; number < containers; number++) {
    const id = engine.docker(["run", "-d", busybox, "sleep", "100000"]).stdout.trim();
    scope.defer(() => void engine.docker(["rm", "-f", id]));
  }
  await Bun.sleep(idleMs);
  return (pssOf(engine.pids()) - before) / containers;
}

function ratioOf(cells: readonly { readonly value: number }[]): { readonly ratio?: number } {
  const [ours, other] = cells;
  return ours && other ? { ratio: ours.value / other.value } : {};
}
