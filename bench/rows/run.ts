import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row, type Target } from "../report.ts";
import { busybox, type Session } from "../session.ts";

/** `run --rm busybox true`: the docker CLI on both engines, and our own client against Docker's. */
export async function* runRows(session: Session): AsyncGenerator<Row> {
  yield await runRow(session, [], { kind: "at most", ratio: 0.17 });
  yield await ownRow(session, [], { kind: "at most", ratio: 0.12 });
  yield await runRow(session, ["--network", "none"]);
  yield await ownRow(session, ["--network", "none"]);
}

async function runRow(session: Session, flags: readonly string[], target?: Target): Promise<Row> {
  const args = ["--rm", ...flags, busybox, "true"];
  const entries = session.engines.map((engine): Entry => {
    return { label: `docker run, ${engine.name}`, contender: engine, run: () => engine.docker(["run", ...args]) };
  });
  const title = `docker CLI on both: run --rm busybox true, ${networkOf(flags)}`;
  return timeRow(
    { group: "run", title, ...(target && { target }) },
    await interleave(entries, session.options.samples),
  );
}

async function ownRow(
  { ours, peer, podman, options }: Session,
  flags: readonly string[],
  target?: Target,
): Promise<Row> {
  const args = ["--rm", ...flags, busybox, "true"];
  const entries: Entry[] = [
    { label: "lighter run", contender: ours.engine, run: () => ours.lighter(["run", ...args]) },
  ];
  if (peer) entries.push({ label: "docker run, docker", contender: peer, run: () => peer.docker(["run", ...args]) });
  if (podman) entries.push({ label: "podman run", contender: podman, run: () => podman.run(args) });
  const title = `own client: run --rm busybox true, ${networkOf(flags)}`;
  return timeRow({ group: "run", title, ...(target && { target }) }, await interleave(entries, options.samples));
}

function networkOf(flags: readonly string[]): string {
  return flags.length === 0 ? "bridge" : "no network";
}
