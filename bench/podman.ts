import { runSync, type Finished } from "./command.ts";
import type { Contender } from "./contender.ts";

export interface Podman extends Contender, Disposable {
  run(args: readonly string[]): Finished;
  exec(args: readonly string[]): Finished;
  remove(container: string): void;
  version(): Finished;
}

/** Podman with the image in its store; undefined without a command. The client is the engine: conmon and containers are not counted. */
export function openPodman(
  command: readonly string[] | undefined,
  runFlags: readonly string[],
  image: PodmanImage,
): Podman | undefined {
  if (command === undefined) return undefined;
  const podman = (args: readonly string[], input?: string): Finished =>
    runSync([...command, ...args], { env: { HOME: "/root" }, ...(input !== undefined && { input }) });
  const version = podman(["version", "-f", "{{.Client.Version}}"]).stdout.trim();
  podman(["load", "-q"], image.archive);
  return {
    name: "podman",
    facts: `Podman ${version}; CPU of the client and what it waits for (not conmon and containers)`,
    engineCpuMs: () => undefined,
    pids: () => [],
    run: (args) => podman(["run", ...runFlags, ...args]),
    exec: (args) => podman(["exec", ...args]),
    remove: (container) => void podman(["rm", "-f", "-t", "0", container]),
    version: () => podman(["version"]),
    [Symbol.dispose]: () => void podman(["rmi", "-f", image.name]),
  };
}

export interface PodmanImage {
  readonly name: string;
  /** docker-archive. */
  readonly archive: string;
}
