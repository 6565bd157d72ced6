import type { SocketEngine } from "../contender.ts";
import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import type { Session } from "../session.ts";
import { gather, sleeping, type Crowd } from "./crowd.ts";

const containers = 100;
const rounds = 2;

/** `stop` of many containers that end at the first signal. */
export async function* stopRows({ engines }: Session): AsyncGenerator<Row> {
  await using scope = new AsyncDisposableStack();
  const entries: Entry[] = [];
  for (const engine of engines) {
    const crowd = scope.use(await gather(engine, containers, sleeping));
    entries.push(stopEntry(engine, crowd));
  }
  const title = `docker CLI on both: stop of ${containers} containers`;
  yield timeRow({ group: "stop", title }, await interleave(entries, rounds, false));
}

function stopEntry(engine: SocketEngine, { ids }: Crowd): Entry {
  return {
    label: `docker stop, ${engine.name}`,
    contender: engine,
    before: () => void engine.docker(["start", ...ids]),
    run: () => engine.docker(["stop", ...ids]),
  };
}
