import { interleave, median, type Entry } from "../measure.ts";
import type { Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";
import { gather, sleeping, type Crowd } from "./crowd.ts";

const crowds = [1, 100, 500] as const;

/** A start beside 1, 100 and 500 containers that are alive: ours alone, since it is to stay flat; the last beside the first. */
export async function* densityRows({ ours, options }: Session): AsyncGenerator<Row> {
  const { engine } = ours;
  const args = ["run", "--rm", busybox, "true"];
  const entry: Entry = { label: "docker run, lighter", contender: engine, run: () => engine.docker(args) };
  await using scope = new AsyncDisposableStack();
  const cells: Row["cells"][number][] = [];
  let alive = 0;
  for (const crowd of crowds) {
    const more: Crowd = await gather(engine, crowd - alive, sleeping);
    scope.use(more);
    alive = crowd;
    const { series } = await interleave([entry], options.samples);
    const times = series[0]?.samples.map(({ wallMs }) => wallMs) ?? [];
    cells.unshift({ label: `run --rm, ${crowd} alive`, value: median(times) });
  }
  const ratio = (cells[0]?.value ?? NaN) / (cells.at(-1)?.value ?? NaN);
  const title = `start latency, ${crowds.at(-1)} containers alive against ${crowds[0]}`;
  yield { group: "density", title, unit: "ms", cells, ratio, target: { kind: "at most", ratio: 1.2 } };
}
