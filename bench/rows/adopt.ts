import { openApiClient } from "../../test/support/api-client.ts";
import { startCrowd } from "../../test/support/crowd.ts";
import { startDaemon } from "../../test/support/daemon.ts";
import { openSandbox } from "../../test/support/sandbox.ts";
import { median } from "../measure.ts";
import type { Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const containers = 200;
const rounds = 5;

/** A daemon that was killed comes up again beside its running containers: from its exec to the first answer about all of them. */
export async function* adoptRows({ options, ours, scratch }: Session): AsyncGenerator<Row> {
  await using box = await openSandbox();
  const archive = `${scratch}/adopt.tar`;
  ours.engine.docker(["save", "-o", archive, busybox]);
  const boot = (): ReturnType<typeof startDaemon> => startDaemon(box, { binary: options.binary });
  let daemon = await boot();
  const api = openApiClient(box.socket);
  await api.call("POST", "/images/load", Bun.file(archive));
  await startCrowd(api, containers, () => ({ Image: busybox, Cmd: ["sleep", "100000"] }));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await daemon.kill9();
    const begin = performance.now();
    daemon = await boot();
    const answer = await api.call("GET", "/containers/json");
    times.push(performance.now() - begin);
    if (answer.json<object[]>().length !== containers) throw new Error("containers were lost with the daemon");
  }
  await daemon.kill9();
  yield {
    group: "adopt",
    title: `daemon killed and started again beside ${containers} running containers: until its first ps`,
    unit: "ms",
    cells: [{ label: ours.engine.name, value: median(times) }],
    samples: rounds,
  };
}
