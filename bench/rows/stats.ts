import { CommandFailed, type Finished } from "../command.ts";
import type { SocketEngine } from "../contender.ts";
import { interleave, median, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import type { Session } from "../session.ts";
import { gather, sleeping } from "./crowd.ts";

const containers = 30;
/** Requests of one sample, whose median it is: one is too short to tell from what else goes on. */
const requests = 20;

/** What a container uses, asked for once, beside others that run. */
export async function* statsRows({ engines, ours, peer, options }: Session): AsyncGenerator<Row> {
  await using scope = new AsyncDisposableStack();
  const entries: Entry[] = [];
  for (const engine of engines) {
    const { ids } = scope.use(await gather(engine, containers, sleeping));
    const run = (): Promise<Finished> => askAll(engine, ids.slice(0, requests));
    entries.push({ label: `one-shot, ${engine.name}`, contender: engine, run });
  }
  const title = `API: stats one-shot with ${containers} containers, median of ${requests}`;
  const target = { kind: "at most", ratio: 0.5 } as const;
  yield timeRow({ group: "stats", title, target }, await interleave(entries, options.samples));
  const args = ["stats", "--no-stream"];
  const own: Entry[] = [{ label: "lighter stats", contender: ours.engine, run: () => ours.lighter(args) }];
  if (peer) own.push({ label: "docker stats, docker", contender: peer, run: () => peer.docker(args) });
  const table = `own client: stats --no-stream of ${containers} containers`;
  yield timeRow(
    { group: "stats", title: table, target: { kind: "at most", ratio: 0.1 } },
    await interleave(own, Math.ceil(options.samples / 5)),
  );
}

async function askAll({ host }: SocketEngine, ids: readonly string[]): Promise<Finished> {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (const id of ids) {
    const start = performance.now();
    const url = `http://engine/v1.44/containers/${id}/stats?stream=0&one-shot=1`;
    const response = await fetch(url, { unix: host.slice("unix://".length) });
    const text = await response.text();
    times.push(performance.now() - start);
    if (!text.includes('"pids_stats":{"current":')) throw new CommandFailed(`stats: ${response.status} ${text}`);
  }
  const { user, system } = process.cpuUsage(before);
  return { wallMs: median(times), cpuMs: (user + system) / 1000, stdout: "" };
}
