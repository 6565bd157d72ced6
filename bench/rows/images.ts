import { join } from "node:path";
import { runSync } from "../command.ts";
import { debianArchive } from "../debian.ts";
import type { SocketEngine } from "../contender.ts";
import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row, type Target } from "../report.ts";
import type { Session } from "../session.ts";

/** Load, save and import of a Debian of about 600 MB, by the docker CLI on both. */
export async function* imageRows(session: Session): AsyncGenerator<Row> {
  const { engines, scratch } = session;
  const { archive, tag, facts, rootfs } = await debianArchive(session);
  const imported = "lighter-bench/imported:latest";
  using scope = new DisposableStack();
  for (const engine of engines) {
    scope.defer(() => remove(engine, tag));
    scope.defer(() => remove(engine, imported));
  }
  const row = async (title: string, work: Work, target?: Target): Promise<Row> =>
    timeRow(
      { group: "images", title: `docker CLI on both: ${title} ${facts}`, ...(target && { target }) },
      await measure(session, work),
    );
  yield await row(
    "load of",
    { before: (engine) => remove(engine, tag), args: () => ["load", "-q", "-i", archive] },
    { kind: "at most", ratio: 0.8 },
  );
  yield await row("save of", {
    before: () => undefined,
    args: ({ name }) => ["save", "-o", join(scratch, `${name}.tar`), tag],
  });
  yield await row("import of", {
    before: (engine) => remove(engine, imported),
    args: () => ["import", rootfs, imported],
  });
}

interface Work {
  readonly before: (engine: SocketEngine) => void;
  readonly args: (engine: SocketEngine) => readonly string[];
}

/** What the sample before has left to write would be paid by the next: it is written first. */
function measure({ engines, options }: Session, { before, args }: Work): ReturnType<typeof interleave> {
  const entries = engines.map((engine): Entry => {
    return {
      label: engine.name,
      contender: engine,
      run: () => engine.docker(args(engine)),
      before: () => {
        before(engine);
        runSync(["sync"]);
      },
    };
  });
  return interleave(entries, Math.min(3, options.samples), false);
}

function remove(engine: SocketEngine, image: string): void {
  if (engine.docker(["images", "-q", image]).stdout !== "") engine.docker(["rmi", "-f", image]);
}
