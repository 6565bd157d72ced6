import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const container = `lighter-bench-${process.pid}`;
const idle = ["-d", "--name", container, busybox, "sleep", "100000"];
const exec = ["exec", container, "true"];

/** `exec` of `true` in a container that is running. */
export async function* execRows(session: Session): AsyncGenerator<Row> {
  const { ours, peer, podman, engines, options } = session;
  using scope = new DisposableStack();
  for (const engine of engines) {
    engine.docker(["run", ...idle]);
    scope.defer(() => void engine.docker(["rm", "-f", container]));
  }
  if (podman) {
    podman.run(["--network", "none", ...idle]);
    scope.defer(() => podman.remove(container));
  }
  const onBoth = engines.map((engine): Entry => {
    return { label: `docker exec, ${engine.name}`, contender: engine, run: () => engine.docker(exec) };
  });
  yield timeRow(
    { group: "exec", title: "docker CLI on both: exec of true", target: { kind: "at most", ratio: 0.5 } },
    await interleave(onBoth, options.samples),
  );
  const own: Entry[] = [{ label: "lighter exec", contender: ours.engine, run: () => ours.lighter(exec) }];
  if (peer) own.push({ label: "docker exec, docker", contender: peer, run: () => peer.docker(exec) });
  if (podman) own.push({ label: "podman exec", contender: podman, run: () => podman.exec(exec.slice(1)) });
  yield timeRow(
    { group: "exec", title: "own client: exec of true", target: { kind: "at most", ratio: 0.28 } },
    await interleave(own, options.samples),
  );
}
