import { containerParent, type CpuGroup } from "./cgroup.ts";
import { runSync, type Finished, type RunOptions } from "./command.ts";

/** An engine and the clients that drive it. */
export interface Contender {
  readonly name: string;
  /** What runs it, and what its processor time counts. */
  readonly facts: string;
  /** Processor time of the engine and its helpers so far, in milliseconds; undefined where it cannot be read. */
  engineCpuMs(): number | undefined;
  /** Processes of the engine and its helpers now; empty for an engine without a daemon. */
  pids(): readonly number[];
}

/** An engine behind a unix socket. */
export interface SocketEngine extends Contender {
  readonly host: string;
  /** Runs the docker CLI against it. */
  docker(args: readonly string[], options?: RunOptions): Finished;
  /** Environment of a client of it. */
  readonly env: Readonly<Record<string, string>>;
  /** Counts the processor time of containers too, whose parent is found by one of them. */
  countContainers(image: string): void;
}

export interface SocketEngineParts {
  readonly name: string;
  readonly facts: string;
  readonly host: string;
  /** An empty directory: no plugins, no contexts, no credentials. */
  readonly config: string;
  readonly group: CpuGroup | undefined;
  readonly pids: () => readonly number[];
}

export function socketEngine({ name, facts, host, config, group, pids }: SocketEngineParts): SocketEngine {
  const env = { DOCKER_HOST: host, DOCKER_CONFIG: config, DOCKER_BUILDKIT: "0" };
  let containers: CpuGroup | undefined;
  const docker = (args: readonly string[], options: RunOptions = {}): Finished =>
    runSync(["docker", ...args], { ...options, env: { ...env, ...options.env } });
  return {
    name,
    get facts() {
      const inside = containers ? "and containers" : "(containers not counted)";
      return `${facts}; CPU of ${group ? `client, engine, helpers ${inside}` : "the client alone"}`;
    },
    host,
    env,
    docker,
    engineCpuMs: () => (group === undefined ? undefined : (group.usage() + (containers?.usage() ?? 0)) / 1000),
    pids: () => group?.pids() ?? pids(),
    countContainers(image) {
      const id = docker(["run", "-d", image, "sleep", "1000"]).stdout.trim();
      try {
        containers = containerParent(Number(docker(["inspect", "-f", "{{.State.Pid}}", id]).stdout));
      } finally {
        docker(["rm", "-f", id]);
      }
    },
  };
}
