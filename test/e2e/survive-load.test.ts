import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startCrowd } from "../support/crowd.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { followLog } from "../support/log-follower.ts";
import { chosenSeed, randomOf } from "../support/random.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf, readEngineState } from "../support/state.ts";
import { untilTidy } from "../support/tidy.ts";

const total = 50;
/** These end by themselves between two lives of the daemon, or within one. */
const ending = 15;
const followed = 12;
const kills = 6;
const seed = chosenSeed();

/** Writes 20 numbered lines at a time; the last line says that there are no more. */
function writer(bursts: number): string {
  const burst = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do i=$((i+1)); echo $i; done";
  const more = bursts > 0 ? `[ $i -lt ${bursts * 20} ]` : "[ ! -e /gate/go ]";
  return `i=0; while ${more}; do ${burst}; sleep 0.2; done; echo end-$i; exit $CODE`;
}

const codeOf = (at: number): number => (at * 5) % 251;

describe.skipIf(process.getuid?.() !== 0)(
  `${kills} daemons are killed beside ${total} containers that write, seed ${seed}`,
  () => {
    let box: Sandbox;
    let daemon: TestDaemon;
    let api: ApiClient;
    let ids: readonly string[] = [];
    const random = randomOf(seed);

    beforeAll(async () => {
      box = await openSandbox();
      api = openApiClient(box.socket);
      daemon = await startDaemon(box);
      await api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive));
      await api.call("POST", "/volumes/create", { Name: "gate" });
      ids = await startCrowd(api, total, (at) => ({
        Image: "busybox:latest",
        Cmd: ["sh", "-c", writer(at < ending ? 5 + at : 0)],
        Env: [`CODE=${codeOf(at)}`],
        HostConfig: { Binds: ["gate:/gate"], NetworkMode: at % 5 === 0 ? "bridge" : "none" },
      }));
    }, 60_000);
    afterAll(async () => {
      await daemon?.kill9();
      await box?.[Symbol.asyncDispose]();
    }, 60_000);

    test("no line is lost or doubled, and each exit code is exact", async () => {
      const followers = ids
        .slice(0, followed / 2)
        .concat(ids.slice(-followed / 2))
        .map((id) => ({ id, ...followLog(box.socket, id) }));
      for (let count = 0; count < kills; count++) {
        await Bun.sleep(100 + random() * 900);
        await daemon.kill9();
        if (random() < 0.5) await Bun.sleep(random() * 500);
        daemon = await startDaemon(box);
      }
      const { Mountpoint } = (await api.call("GET", "/volumes/gate")).json<{ Mountpoint: string }>();
      await Bun.write(`${Mountpoint}/go`, "");
      const codes = await Promise.all(
        ids.map(
          async (id) => (await api.call("POST", `/containers/${id}/wait`)).json<{ StatusCode: number }>().StatusCode,
        ),
      );
      expect(codes).toEqual(ids.map((_, at) => codeOf(at)));
      for (const id of ids) expectWhole(await logOf(id), id);
      await Promise.all(followers.map(({ ended }) => ended));
      for (const { id, lines } of followers) expectWhole(lines, `${id}, followed`);
    }, 60_000);

    test("nothing is leaked", async () => {
      await untilTidy(box, daemon.pid);
      expect(readEngineState(box, daemon.pid)).toMatchObject({ running: [], faults: [] });
      await Promise.all(ids.map((id) => api.call("DELETE", `/containers/${id}`)));
      await untilTidy(box, daemon.pid);
      expect(readEngineState(box, daemon.pid)).toEqual({ containers: [], running: [], faults: [] });
      expect(cgroupsOf(ids)).toEqual([]);
    }, 30_000);

    /** Without the heads of the frames. */
    async function logOf(id: string): Promise<readonly string[]> {
      const { text } = await api.call("GET", `/containers/${id}/logs?stdout=1`);
      return [...text.matchAll(/(\d+|end-\d+)\n/g)].map(([, line]) => line ?? "");
    }

    function expectWhole(lines: readonly string[], where: string): void {
      const count = lines.length - 1;
      expect(lines, where).toEqual([...Array.from({ length: count }, (_, at) => String(at + 1)), `end-${count}`]);
      expect(count, where).toBeGreaterThan(0);
    }
  },
);
