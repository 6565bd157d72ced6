import { join } from "node:path";
import { runSync } from "../command.ts";
import type { SocketEngine } from "../contender.ts";
import { bigImage } from "../debian.ts";
import { interleave, type Entry, type Measured } from "../measure.ts";
import { timeRow, type Row, type RowHead } from "../report.ts";
import type { Session } from "../session.ts";
import { makeVariant, variantTag, type Variant } from "../variant.ts";

/** Load, save and import of a Debian of some 500 MB, by the docker CLI on both. Each sample has an image of its own. */
export async function* imageRows(session: Session): AsyncGenerator<Row> {
  const { engines, scratch, options } = session;
  const { rootfs, facts } = bigImage(session);
  const rounds = Math.min(3, options.samples);
  const head = (verb: string): RowHead => ({ group: "images", title: `docker CLI on both: ${verb} of ${facts}` });
  using scope = new DisposableStack();
  const variant = (number: number): Variant => {
    const made = makeVariant(rootfs, scratch, number);
    for (const engine of engines) scope.defer(() => remove(engine, made.tag));
    return made;
  };
  const loaded = await eachRound(engines, rounds, {
    variant,
    args: ({ archive }) => ["load", "-q", "-i", archive],
  });
  yield timeRow({ ...head("load"), target: { kind: "at most", ratio: 0.8 } }, loaded);
  const saves = engines.map((engine): Entry => {
    const run = (): ReturnType<typeof engine.docker> =>
      engine.docker(["save", "-o", join(scratch, `${engine.name}.tar`), variantTag(0)]);
    return { label: engine.name, contender: engine, run, before: settleDisk };
  });
  yield timeRow(head("save"), await interleave(saves, rounds, false));
  const imported = await eachRound(engines, rounds, {
    variant: (round) => variant(rounds + round),
    args: (made) => ["import", made.rootfs, made.tag],
  });
  yield timeRow(head("import"), imported);
}

interface Work {
  readonly variant: (round: number) => Variant;
  readonly args: (variant: Variant) => readonly string[];
}

async function eachRound(engines: readonly SocketEngine[], rounds: number, { variant, args }: Work): Promise<Measured> {
  const taken: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    using made = variant(round);
    const entries = engines.map((engine): Entry => {
      return { label: engine.name, contender: engine, run: () => engine.docker(args(made)), before: settleDisk };
    });
    taken.push(await interleave(entries, 1, false));
  }
  return joined(taken);
}

function joined(taken: readonly Measured[]): Measured {
  const series = (taken[0]?.series ?? []).map(({ label }, index) => {
    return { label, samples: taken.flatMap((one) => one.series[index]?.samples ?? []) };
  });
  return { series, noisy: taken.reduce((sum, { noisy }) => sum + noisy, 0) };
}

/** What the sample before has left to write would be paid by the next: it is written first. */
function settleDisk(): void {
  runSync(["sync"]);
}

function remove(engine: SocketEngine, image: string): void {
  if (engine.docker(["images", "-q", image]).stdout !== "") engine.docker(["rmi", "-f", image]);
}
