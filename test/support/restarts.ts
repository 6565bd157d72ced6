import { busyboxImage } from "./busybox.ts";
import { startDaemon, type TestDaemon } from "./daemon.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";
import { clearContainers } from "./tidy.ts";
import { until } from "./until.ts";

/** An engine with the image `busybox` whose daemons come and go, asked about restarts by the docker CLI. */
export class RestartTrial implements AsyncDisposable {
  readonly box: Sandbox;
  #daemon: TestDaemon | undefined;

  private constructor(box: Sandbox) {
    this.box = box;
  }

  static async open(): Promise<RestartTrial> {
    const trial = new RestartTrial(await openSandbox());
    await trial.boot();
    await trial.okay("load", "-i", (await busyboxImage()).archive);
    return trial;
  }

  get daemon(): TestDaemon {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  /** Ends the daemon as `kill -9` does, if there is one, and starts the next. */
  async boot(failpoints = ""): Promise<void> {
    await this.#daemon?.kill9();
    this.#daemon = await startDaemon(this.box, { env: { LIGHTER_FAILPOINTS: failpoints } });
  }

  /** @returns its output @throws Error with its output when it fails */
  async okay(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  field(name: string, format: string): Promise<string> {
    return this.okay("inspect", "-f", format, name);
  }

  async count(name: string): Promise<number> {
    return Number(await this.field(name, "{{.RestartCount}}"));
  }

  status(name: string): Promise<string> {
    return this.field(name, "{{.State.Status}}");
  }

  /** Of its log: as many as it had runs. */
  async lines(name: string): Promise<number> {
    return (await this.okay("logs", name)).split("\n").length;
  }

  becomes(name: string, wanted: string): Promise<void> {
    return until(async () => (await this.status(name)) === wanted, `${name} is ${wanted}`);
  }

  /** Waits until it was restarted so often and waits for the next time. */
  restarting(name: string, times: number): Promise<void> {
    const holds = async (): Promise<boolean> =>
      (await this.count(name)) >= times && (await this.status(name)) === "restarting";
    return until(holds, `${name} waits again`);
  }

  /** A daemon with this failpoint dies in the story; the next one has come up. */
  async dieAt(failpoint: string, story: () => Promise<unknown>, next = ""): Promise<void> {
    await this.boot(failpoint);
    await story().catch((error: unknown) => {
      // What the daemon did not live to answer.
      if (!/error during connect|EOF|Cannot connect|reset by peer/.test(String(error))) throw error;
    });
    const code = await this.daemon.exited;
    if (code !== 137) throw new Error(`${failpoint}: the daemon ended with ${code}`);
    await this.boot(next);
  }

  clear(): Promise<void> {
    return clearContainers({ box: this.box, daemon: this.daemon, docker: (args) => this.okay(...args) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill9();
    await this.box[Symbol.asyncDispose]();
  }
}
