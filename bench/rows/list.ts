import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import type { Session } from "../session.ts";
import { created, gather } from "./crowd.ts";

const containers = 500;

/** `ps -a` beside many containers. */
export async function* listRows({ engines, ours, peer, options }: Session): AsyncGenerator<Row> {
  await using scope = new AsyncDisposableStack();
  for (const engine of engines) scope.use(await gather(engine, containers, created));
  const entries = engines.map((engine): Entry => {
    return { label: `docker ps -a, ${engine.name}`, contender: engine, run: () => engine.docker(["ps", "-a"]) };
  });
  yield timeRow(
    {
      group: "list",
      title: `docker CLI on both: ps -a with ${containers} containers`,
      target: { kind: "at most", ratio: 0.5 },
    },
    await interleave(entries, options.samples),
  );
  const own: Entry[] = [{ label: "lighter ps -a", contender: ours.engine, run: () => ours.lighter(["ps", "-a"]) }];
  if (peer) own.push({ label: "docker ps -a, docker", contender: peer, run: () => peer.docker(["ps", "-a"]) });
  const title = `own client: ps -a with ${containers} containers`;
  yield timeRow({ group: "list", title }, await interleave(own, options.samples));
}
