import { busyboxImage } from "./busybox.ts";
import { startDaemon, type CommandOptions, type CommandResult, type DaemonOptions, type TestDaemon } from "./daemon.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

/** A daemon in its own sandbox that has the image `busybox`. */
export interface TestEngine extends AsyncDisposable {
  readonly box: Sandbox;
  readonly daemon: TestDaemon;
  /** The docker CLI. @returns its stdout @throws Error with its output when it fails */
  docker(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Our own CLI, the same way. */
  lighter(args: readonly string[], options?: CommandOptions): Promise<string>;
}

export async function openTestEngine(options: DaemonOptions = {}): Promise<TestEngine> {
  const box = await openSandbox();
  const daemon = await startDaemon(box, options);
  const docker = async (args: readonly string[], command?: CommandOptions): Promise<string> =>
    succeeded(args, await daemon.docker(args, command));
  await docker(["load", "-i", (await busyboxImage()).archive]);
  return {
    box,
    daemon,
    docker,
    lighter: async (args, command) => succeeded(args, await daemon.lighter(args, command)),
    async [Symbol.asyncDispose]() {
      await daemon.kill9();
      await box[Symbol.asyncDispose]();
    },
  };
}

function succeeded(args: readonly string[], { code, stdout, stderr }: CommandResult): string {
  if (code === 0) return stdout;
  throw new Error(`${args.join(" ")}: exit ${code}\n${stderr}${stdout}`);
}
