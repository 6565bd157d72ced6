import { pssOf } from "../memory.ts";
import type { Row, Target } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const containers = 50;

/** What an engine gives back after a while without work counts in its favour. */
const idleMs = 25_000;

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

/**
 * What one more idle container costs, its own process aside: all an engine uses beyond its idle state, divided. Follows an idle
 * time.
 */
export async function* containerRows({ engines }: Session): AsyncGenerator<Row> {
  using scope = new DisposableStack();
  const before = engines.map((engine) => pssOf(engine.pids()));
  for (const engine of engines) {
    for (let number = 0; number < containers; number++) {
      const id = engine.docker(["run", "-d", busybox, "sleep", "100000"]).stdout.trim();
      scope.defer(() => void engine.docker(["rm", "-f", id]));
    }
  }
  await Bun.sleep(idleMs);
  const cells = engines.map((engine, index) => {
    return { label: engine.name, value: (pssOf(engine.pids()) - (before[index] ?? 0)) / containers };
  });
  const title = `memory (PSS) for each idle container, of ${containers}`;
  yield { group: "memory", title, unit: "MB", cells, ...ratioOf(cells), target: { kind: "at most", ratio: 0.3 } };
}

function ratioOf(cells: readonly { readonly value: number }[]): { readonly ratio?: number } {
  const [ours, other] = cells;
  return ours && other ? { ratio: ours.value / other.value } : {};
}
