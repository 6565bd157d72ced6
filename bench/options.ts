import { parseArgs } from "node:util";

/** What the command line and the environment choose. Nothing of a machine is written into the project. */
export interface BenchOptions {
  /** Groups of rows to measure; empty for all. */
  readonly only: ReadonlySet<string>;
  /** Samples of a short command; long work takes fewer. */
  readonly samples: number;
  /** The table as JSON too. */
  readonly json: string | undefined;
  /** Missed targets make the exit code 1. */
  readonly strict: boolean;
  readonly binary: string;
  /** `unix:///…` of a Docker Engine that runs already. */
  readonly peer: string | undefined;
  /** Words that start podman, with its global flags. */
  readonly podman: readonly string[] | undefined;
  /** Flags of `podman run` that this host needs, such as `--ulimit nofile=1024:1024`. */
  readonly podmanRun: readonly string[];
  /** Holds the Debian image from one run to the next. */
  readonly cache: string;
}

export const usage = `Usage:  npm run bench -- [--only GROUP[,GROUP]] [--samples N] [--json FILE] [--strict]

Compares dist/lighter with Docker and Podman, samples interleaved.

Groups: memory, version, run, exec, build, burst, list, stats, stop, density, images, dynmods, adopt

Environment:
  LIGHTER_BENCH_PEER=unix:///…    a Docker Engine that is running; without it dockerd of PATH is started in a root of its own
  LIGHTER_BENCH_PODMAN="…"        the words that start podman; without it podman of PATH
  LIGHTER_BENCH_PODMAN_RUN="…"    flags that its run needs on this host
  LIGHTER_BENCH_BINARY=…          the program to measure; default dist/lighter
  LIGHTER_BENCH_CACHE=…           keeps the Debian image; default /var/cache/lighter-bench`;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws TypeError of parseArgs for unknown flags; undefined asks for the usage */
export function readOptions(argv: readonly string[], env: Environment, project: string): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true },
      samples: { type: "string", default: "15" },
      json: { type: "string" },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const samples = Number(values.samples);
  if (!Number.isInteger(samples) || samples < 1) throw new TypeError(`invalid number of samples: ${values.samples}`);
  if (values.help) return undefined;
  return {
    only: new Set(values.only?.flatMap((names) => names.split(","))),
    samples,
    json: values.json,
    strict: values.strict,
    binary: env["LIGHTER_BENCH_BINARY"] || `${project}/dist/lighter`,
    peer: env["LIGHTER_BENCH_PEER"] || undefined,
    podman: words(env["LIGHTER_BENCH_PODMAN"]) ?? found("podman"),
    podmanRun: words(env["LIGHTER_BENCH_PODMAN_RUN"]) ?? [],
    cache: env["LIGHTER_BENCH_CACHE"] || "/var/cache/lighter-bench",
  };
}

function words(text: string | undefined): readonly string[] | undefined {
  const list = text?.split(/\s+/).filter((word) => word !== "") ?? [];
  return list.length > 0 ? list : undefined;
}

function found(program: string): readonly string[] | undefined {
  return Bun.which(program) === null ? undefined : [program];
}
