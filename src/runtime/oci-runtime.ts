import { existsSync } from "node:fs";
import { EngineError, type Logger } from "#core";
import { SealedProgram } from "./sealed-program.ts";

/** As configured. */
export interface RegisteredRuntime {
  /** Absolute. */
  readonly path: string;
  /** To be put before every command. */
  readonly runtimeArgs?: readonly string[];
}

/** A registered OCI runtime: crun, runc or what speaks their command line. */
export interface OciRuntime {
  readonly name: string;
  readonly path: string;
  readonly kind: "crun" | "runc" | "other";
  readonly version: string;
  /** What to execute in place of {@link path}: the same program, sealed where that saves it a copy of itself. */
  readonly program: () => string;
  /** Directory of its state, one entry per container. */
  readonly stateRoot: string;
  readonly runtimeArgs: readonly string[] | undefined;
  /** To be put before the command: {@link runtimeArgs} and those of ours. */
  readonly globalArgs: readonly string[];
}

/** Nothing of the engine's own environment reaches conmon, the OCI runtime or the container. */
export const baseEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

export interface ProbeContext {
  readonly statesRoot: string;
  readonly logger: Logger;
  /** Owns the sealed copies. */
  readonly scope: DisposableStack;
}

function programOf(sealed: SealedProgram): () => string {
  return () => sealed.path();
}

/** Asks the program what it is. @throws EngineError `unavailable` when it cannot be run */
export async function probeRuntime(
  name: string,
  { path, runtimeArgs }: RegisteredRuntime,
  { statesRoot, logger, scope }: ProbeContext,
): Promise<OciRuntime> {
  const version = await programVersion(path);
  const stateRoot = `${statesRoot}/${name}`;
  const kind = /^crun\b/.test(version) ? "crun" : /^runc\b/.test(version) ? "runc" : "other";
  const number = /\bversion:?\s+(\S+)/.exec(version)?.[1] ?? "";
  const program = kind === "other" ? () => path : programOf(scope.use(new SealedProgram(path, name, logger)));
  const globalArgs = [...(runtimeArgs ?? []), "--root", stateRoot];
  return { name, path, kind, version: number, program, stateRoot, runtimeArgs, globalArgs };
}

/** First line of `--version`. @throws EngineError `unavailable` */
export async function programVersion(path: string): Promise<string> {
  if (!existsSync(path)) throw new EngineError("unavailable", `${path}: no such file or directory`);
  const child = Bun.spawn([path, "--version"], { env: baseEnvironment, stdio: ["ignore", "pipe", "ignore"] });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new EngineError("unavailable", `${path} --version failed`);
  return text.split("\n", 1)[0] ?? "";
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Runs one command of an OCI runtime to its end; `stderr` is read only when it failed. */
export async function runCommand(runtime: OciRuntime, args: readonly string[]): Promise<CommandResult> {
  const child = Bun.spawn([runtime.program(), ...runtime.globalArgs, ...args], {
    env: baseEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
    lazy: true,
  });
  const exitCode = await child.exited;
  return { exitCode, stderr: exitCode === 0 ? "" : await new Response(child.stderr).text() };
}
