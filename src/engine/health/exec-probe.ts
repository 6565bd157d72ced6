import { messageOf, randomHexId } from "#core";
import { emitContainerEvent, type ContainerContext } from "../containers/context.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { commandText, execProcess } from "../exec/execs.ts";
import type { ProbeOutcome } from "./contract.ts";
import { ProbeOutput } from "./output.ts";

/**
 * Runs a probe as a process beside the container's own, as its user, in its directory, with its environment.
 * Resolves when it has ended, and at once when the signal aborts, which kills it.
 */
export async function execProbe(
  context: ContainerContext,
  record: ContainerRecord,
  args: readonly string[],
  abort: AbortSignal,
): Promise<ProbeOutcome> {
  const output = new ProbeOutput();
  const running = runProcess(context, record, { args, abort, output });
  const exitCode = await Promise.race([running, aborted(abort)]);
  return { exitCode, output: output.text(), gone: running };
}

interface ProbeRun {
  readonly args: readonly string[];
  readonly abort: AbortSignal;
  readonly output: ProbeOutput;
}

async function runProcess(context: ContainerContext, record: ContainerRecord, run: ProbeRun): Promise<number> {
  const execID = randomHexId();
  const command = commandText({ Cmd: run.args });
  emitContainerEvent(context, record, `exec_create: ${command}`, { execID });
  emitContainerEvent(context, record, `exec_start: ${command}`, { execID });
  try {
    const exitCode = await execute(context, record, run);
    emitContainerEvent(context, record, "exec_die", { execID, exitCode: String(exitCode) });
    return exitCode;
  } catch (error) {
    // Whatever the reason: it is the check's result, and for the container's owner to read.
    run.output.add(Buffer.from(messageOf(error)));
    return -1;
  }
}

async function execute(
  context: ContainerContext,
  record: ContainerRecord,
  { args, abort, output }: ProbeRun,
): Promise<number> {
  if (args.length === 0) throw new Error("No exec command specified");
  const task = await context.deps.runtime.exec({
    id: record.id,
    process: execProcess(context, record, { Cmd: args }, {}),
    tty: false,
    stdin: false,
    detached: false,
    abort,
  });
  const read = readAll(task.output, output);
  const exitCode = await task.exited;
  await Promise.race([read, aborted(abort)]);
  return exitCode;
}

async function readAll(chunks: AsyncIterable<{ readonly data: Uint8Array }>, output: ProbeOutput): Promise<void> {
  for await (const { data } of chunks) output.add(data);
}

function aborted(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(-1);
    else signal.addEventListener("abort", () => resolve(-1), { once: true });
  });
}
