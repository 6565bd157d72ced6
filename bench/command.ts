/** A command that did not do what it should: such a sample would be a fast one. */
export class CommandFailed extends Error {}

export interface Finished {
  readonly wallMs: number;
  /** User and system time of the process and of the children it has waited for. */
  readonly cpuMs: number;
  readonly stdout: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A file for standard input. */
  readonly input?: string;
  /** A file for standard output. */
  readonly output?: string;
}

/** Runs a program to its end with nothing else going on in this process. @throws CommandFailed unless it exits with 0 */
export function runSync(argv: readonly string[], options: RunOptions = {}): Finished {
  const start = performance.now();
  const result = Bun.spawnSync([...argv], {
    env: environment(options),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdin: options.input === undefined ? "ignore" : Bun.file(options.input),
    stdout: options.output === undefined ? "pipe" : Bun.file(options.output),
    stderr: "pipe",
  });
  const wallMs = performance.now() - start;
  if (!result.success) throw failure(argv, result.exitCode, result.stderr.toString());
  const stdout = options.output === undefined ? (result.stdout?.toString() ?? "") : "";
  return { wallMs, cpuMs: Number(result.resourceUsage.cpuTime.total) / 1000, stdout };
}

/** The same for many at a time. Resolves to the failure instead of throwing it. */
export async function runAsync(argv: readonly string[], options: RunOptions = {}): Promise<Finished | CommandFailed> {
  const start = performance.now();
  const child = Bun.spawn([...argv], { env: environment(options), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) return failure(argv, code, stderr);
  return { wallMs: performance.now() - start, cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000, stdout };
}

function environment({ env }: RunOptions): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env };
}

function failure(argv: readonly string[], code: number | null, stderr: string): CommandFailed {
  return new CommandFailed(`${argv.join(" ")}: exit code ${code}: ${stderr.trim().slice(-400)}`);
}
