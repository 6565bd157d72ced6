import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import type { Session } from "../session.ts";

/** The shortest command: start of a client, one call. */
export async function* versionRows({ ours, peer, podman, options }: Session): AsyncGenerator<Row> {
  const entries: Entry[] = [{ label: "lighter version", contender: ours.engine, run: () => ours.lighter(["version"]) }];
  if (peer) entries.push({ label: "docker version, docker", contender: peer, run: () => peer.docker(["version"]) });
  if (podman) entries.push({ label: "podman version", contender: podman, run: () => podman.version() });
  yield timeRow(
    { group: "version", title: "own client: version", target: { kind: "at most", ratio: 0.7 } },
    await interleave(entries, options.samples * 2),
  );
}
