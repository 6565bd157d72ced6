import { EngineError, type ContainerId } from "#core";
import { endOfLog, readOutput } from "#runtime";
import type { AttachOptions, AttachSession, StdinWriter, StreamFrame } from "../../contract.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { containerFiles } from "../host-files.ts";
import { logSubject } from "./log-subject.ts";
import { isRunning, refuseRestarting, type ContainerRecord } from "../record.ts";

/** One run of the container: `ended` settles when its process has ended. Undefined: it will not start. */
type Run = { readonly ended: Promise<void> } | undefined;

/**
 * Connects to a container's streams, also before it starts: the session then begins with the start. Output comes from
 * the log, so that nothing is lost between attach, logs and an engine that dies.
 */
export async function attachContainer(
  context: ContainerContext,
  ref: string,
  options: AttachOptions,
): Promise<AttachSession> {
  const record = context.registry.find(ref);
  if (record.state.status === "paused") {
    throw new EngineError("conflict", `container ${record.id} is paused, unpause the container before attach`);
  }
  refuseRestarting(record, `container ${ref}`);
  const scope = new AsyncDisposableStack();
  const aborted = new AbortController();
  scope.defer(() => aborted.abort());
  const run = options.stream ? currentRun(context, record, aborted.signal) : Promise.resolve(undefined);
  const stdin =
    options.stdin && options.stream && record.config.OpenStdin ? openStdin(context, record.id, run) : undefined;
  emitContainerEvent(context, record, "attach");
  return {
    tty: record.config.Tty === true,
    output: sessionOutput(context, record, options, { run, aborted: aborted.signal }),
    ...(stdin ? { stdin } : {}),
    detached: () => emitContainerEvent(context, context.registry.get(record.id) ?? record, "detach"),
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

function currentRun(
  { signals, taskEnds }: ContainerContext,
  record: ContainerRecord,
  aborted: AbortSignal,
): Promise<Run> {
  if (isRunning(record)) return Promise.resolve({ ended: taskEnds.of(record.id) });
  return new Promise((resolve) => {
    const listening = signals.listen(record.id, (heard) => {
      listening[Symbol.dispose]();
      resolve(heard.kind === "started" ? { ended: heard.ended } : undefined);
    });
    aborted.addEventListener("abort", () => {
      listening[Symbol.dispose]();
      resolve(undefined);
    });
  });
}

async function* sessionOutput(
  context: ContainerContext,
  record: ContainerRecord,
  options: AttachOptions,
  { run, aborted }: { readonly run: Promise<Run>; readonly aborted: AbortSignal },
): AsyncGenerator<StreamFrame, void, undefined> {
  const { log } = containerFiles(context.deps, record.id);
  const from = options.logs ? {} : { from: endOfLog(log) };
  const current = options.stream ? await run : undefined;
  if (options.stream && !current && !options.logs) return;
  const follow = current ? { follow: current } : {};
  for await (const frame of readOutput(log, { ...from, ...follow, pin: "firm" }, aborted)) {
    if (frame.stream === "stdout" ? options.stdout : options.stderr) yield frame;
  }
  trim(context, record.id);
}

/** What this session had kept beyond the log's bounds may go. */
function trim({ deps, registry, logging }: ContainerContext, id: ContainerId): void {
  const record = registry.get(id);
  if (record) logging.trim(logSubject(deps, record));
}

/** Writes wait for the start; what is written to a container that never starts is dropped with it. */
function openStdin({ deps }: ContainerContext, id: ContainerId, run: Promise<Run>): StdinWriter {
  const sink = run.then((current) => (current ? deps.runtime.openStdin(id) : undefined)).catch(() => undefined);
  let ended = false;
  return {
    async write(chunk) {
      await (await sink)?.write(chunk);
    },
    end() {
      if (ended) return;
      ended = true;
      void sink.then((open) => open?.end());
    },
  };
}
