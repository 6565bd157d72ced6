import { EngineError } from "#core";
import type { ContainerConfig, HostConfig } from "#spec";
import type { RunInstruction } from "../dockerfile/mod.ts";
import type { BuildContainer } from "../host.ts";
import { commitStep, findCached, type StepImage } from "./commit.ts";
import { needsBuildkit } from "./needs-buildkit.ts";
import { runCommand, writeScript, type RunCommand } from "./run-command.ts";
import type { BuildSession } from "./session.ts";
import type { StageState } from "./stage.ts";

/** A RUN whose command ended with another code than 0. */
export class RunFailure extends EngineError {
  readonly exitCode: number;

  constructor(command: string, exitCode: number) {
    super("invalid", `The command '${command}' returned a non-zero code: ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Runs the command in a container on the stage's image and makes an image of what it changed. */
export async function runStep(
  session: BuildSession,
  state: StageState,
  instruction: RunInstruction,
): Promise<StageState> {
  refuse(instruction);
  const command = runCommand(state.config, instruction);
  const env = state.config.Env ?? [];
  const visible = state.args.visible(env);
  const shown = visible.length > 0 ? [`|${visible.length}`, ...visible, ...command.args] : command.args;
  const step: StepImage = {
    config: state.config,
    author: state.author,
    createdBy: shown.join(" "),
    inputs: ["RUN", ...shown, `network=${instruction.network ?? ""}`, command.script?.content ?? ""],
  };
  const cached = await findCached(session, state, step);
  if (cached) {
    session.print(" ---> Using cache\n");
    return { ...state, image: cached };
  }
  const config = containerConfig(state, command.args, [...env, ...state.args.environment(env)]);
  const image = await execute(session, state, { step, config, command, hostConfig: hostConfig(session, instruction) });
  return { ...state, image, cacheMissed: true };
}

function refuse({ mounts, security, devices }: RunInstruction): void {
  if (mounts.length > 0) throw needsBuildkit("mount");
  if (devices.length > 0) throw needsBuildkit("device");
  if (security === "insecure") throw needsBuildkit("security");
}

function containerConfig(state: StageState, command: readonly string[], env: readonly string[]): ContainerConfig {
  return {
    ...state.config,
    Cmd: command,
    // One empty string takes the image's entry point away; an empty list would keep it.
    Entrypoint: [""],
    Env: env,
    Healthcheck: { Test: ["NONE"] },
    ...(state.image ? { Image: state.image.id } : {}),
    AttachStdout: true,
    AttachStderr: true,
  };
}

function hostConfig({ options }: BuildSession, { network }: RunInstruction): HostConfig {
  const mode = network === undefined || network === "default" ? options.networkMode : network;
  return {
    NetworkMode: mode === "" ? "default" : mode,
    ExtraHosts: options.extraHosts,
    ShmSize: options.shmSize,
    Memory: options.memory,
    MemorySwap: options.memorySwap,
    CpuShares: options.cpuShares,
    CpuPeriod: options.cpuPeriod,
    CpuQuota: options.cpuQuota,
    CpusetCpus: options.cpusetCpus,
    CpusetMems: options.cpusetMems,
    CgroupParent: options.cgroupParent,
    Ulimits: options.ulimits,
  };
}

interface Execution {
  readonly step: StepImage;
  readonly config: ContainerConfig;
  readonly command: RunCommand;
  readonly hostConfig: HostConfig;
}

async function execute(session: BuildSession, state: StageState, execution: Execution): ReturnType<typeof commitStep> {
  const { config, step, command } = execution;
  await using undo = new AsyncDisposableStack();
  const mounts = command.script ? [await writeScript(session.scratch, command.script, undo)] : [];
  const host = { ...execution.hostConfig, Mounts: mounts };
  const container = await session.host.createContainer({ image: state.image, config, hostConfig: host });
  try {
    session.print(` ---> Running in ${container.id.slice(0, 12)}\n`);
    const code = await runContainer(session, container);
    session.signal.throwIfAborted();
    if (code !== 0) throw new RunFailure(command.args.join(" "), code);
    const layer = await container.commit(session.lease);
    if (layer) session.lease.add(layer.chainId);
    if (session.options.rm) await removeContainer(session, container);
    return await commitStep(session, state, step, layer && { diffId: layer.diffId, blob: layer.blob });
  } catch (error) {
    if (session.options.forceRm || session.signal.aborted) await removeContainer(session, container);
    throw error;
  }
}

async function runContainer(session: BuildSession, container: BuildContainer): Promise<number> {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const show = (text: string, stream: "stdout" | "stderr"): void => {
    if (text !== "") session.print(stream === "stderr" ? asStderr(text) : text);
  };
  try {
    return await container.run((chunk, stream = "stdout") => {
      show(decoders[stream].decode(chunk, { stream: true }), stream);
      return session.room();
    }, session.signal);
  } finally {
    show(decoders.stdout.decode(), "stdout");
    show(decoders.stderr.decode(), "stderr");
  }
}

/** Red, as Docker marks what comes from standard error. */
export function asStderr(text: string): string {
  return `\u001b[91m${text}\u001b[0m`;
}

async function removeContainer(session: BuildSession, container: BuildContainer): Promise<void> {
  await container.remove();
  session.print(` ---> Removed intermediate container ${container.id.slice(0, 12)}\n`);
}
