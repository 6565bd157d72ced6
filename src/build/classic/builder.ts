import { AsyncQueue, EngineError, isEngineError, messageOf, shortId, type Clock, type Logger } from "#core";
import {
  familiarReference,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  parseReference,
  withDefaultTag,
  type ProgressMessage,
  type Reference,
} from "#spec";
import { expandWord, type ArgInstruction } from "../dockerfile/mod.ts";
import type { BuildHost } from "../host.ts";
import type { BuildOptions } from "../options.ts";
import { BuildArgs } from "./args.ts";
import { openContext } from "./context.ts";
import { fromStep } from "./from.ts";
import { local } from "./images.ts";
import { planBuild } from "./plan.ts";
import { createReporter, type Reporter } from "./report.ts";
import { asStderr, RunFailure } from "./run.ts";
import { timestamp, type BuildSession } from "./session.ts";
import type { StageState } from "./stage.ts";
import { instructionStep } from "./step.ts";

export interface Builder {
  /**
   * Builds and tags an image. What is wrong before the first step (options, context, Dockerfile) is thrown; later failures
   * come as a last message with `error`. Aborting, or leaving the loop, stops the step that runs and cleans up.
   * @throws EngineError `invalid`, `unavailable`, `not_implemented`
   */
  build(
    context: ReadableStream<Uint8Array>,
    options: BuildOptions,
    signal: AbortSignal,
  ): AsyncIterable<ProgressMessage>;
}

/** The classic builder of `POST /build?version=1`. */
export function createBuilder(host: BuildHost, tools: { readonly logger: Logger; readonly clock: Clock }): Builder {
  return {
    async *build(context, options, signal): AsyncGenerator<ProgressMessage, void, undefined> {
      const references = checkOptions(options);
      using queue = new AsyncQueue<ProgressMessage>();
      const left = new AbortController();
      const reporter = createReporter(queue, options.quiet);
      const job = { host, tools, options, references, reporter, signal: AbortSignal.any([signal, left.signal]) };
      const done = run(context, job).then(
        () => queue.end(),
        (error: unknown) => queue.fail(error),
      );
      try {
        yield* queue;
      } finally {
        left.abort();
        queue[Symbol.dispose](); // nobody waits for room any more
        await done;
      }
    },
  };
}

function checkOptions(options: BuildOptions): Reference[] {
  if (options.squash) throw new EngineError("invalid", "squash is only supported with experimental mode");
  if (options.platform !== "") parsePlatform(options.platform);
  return options.tags
    .filter((tag) => tag !== "")
    .map((tag) => {
      const reference = parseReference(tag);
      if (reference.digest !== undefined) throw new EngineError("invalid", "build tag cannot contain a digest");
      return withDefaultTag(reference);
    });
}

interface Job {
  readonly host: BuildHost;
  readonly tools: { readonly logger: Logger; readonly clock: Clock };
  readonly options: BuildOptions;
  readonly references: readonly Reference[];
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Lives as long as its context on disk and its lease. */
async function run(stream: ReadableStream<Uint8Array>, job: Job): Promise<void> {
  const { host, options, signal, reporter } = job;
  using lease = host.leases.acquire();
  await using context = await openContext(stream, options, host.scratch, signal);
  const plan = planBuild(context.dockerfile, options);
  const session: BuildSession = {
    host,
    options,
    plan,
    context: context.root,
    scratch: host.scratch,
    lease,
    signal,
    ...job.tools,
    cacheFrom: options.cacheFrom.flatMap((name) => local({ host }, name) ?? []),
    stages: [],
    emit: reporter.emit,
    print: (text) => reporter.emit({ stream: text }),
    room: () => reporter.room(),
    now: () => timestamp(job.tools.clock),
  };
  try {
    finish(job, session, await runStages(session));
  } catch (error) {
    reporter.fail(failureMessage(error, signal));
    if (!isEngineError(error) && !signal.aborted)
      job.tools.logger.log("error", "build failed", { error: messageOf(error) });
  }
}

async function runStages(session: BuildSession): Promise<StageState> {
  const { plan } = session;
  const args = new BuildArgs(session.options.buildArgs, platformArgs(session.options.platform));
  for (const warning of plan.warnings) session.print(asStderr(`${warning}\n`));
  const step = createStepCounter(session);
  for (const instruction of plan.globalArgs) {
    step(instruction.text);
    declareGlobals(instruction, args, plan.escape);
  }
  for (const stage of plan.stages) {
    step(stage.from.text);
    let state = await fromStep(session, stage.from, args);
    session.print(` ---> ${shortId(state.image?.id ?? "")}\n`);
    for (const instruction of stage.instructions) {
      step(instruction.text);
      state = await instructionStep(session, state, instruction);
      session.print(` ---> ${shortId(state.image?.id ?? "")}\n`);
    }
    if (state.image) session.emit({ aux: { ID: state.image.id } });
    session.stages.push(state);
  }
  warnUnused(session, args);
  return session.stages.at(-1) ?? noImage();
}

function createStepCounter(session: BuildSession): (text: string) => void {
  let number = 0;
  return (text) => {
    session.signal.throwIfAborted();
    session.print(`Step ${++number}/${session.plan.steps} : ${text}\n`);
  };
}

function declareGlobals(instruction: ArgInstruction, args: BuildArgs, escape: string): void {
  for (const { name, value } of instruction.args) {
    args.declareGlobal(name, value === undefined ? undefined : expandWord(value, (key) => args.global(key), escape));
  }
}

/** The platforms a Dockerfile can ask for; both are this host's unless the request names another target. */
function platformArgs(wanted: string): Map<string, string> {
  const target = wanted === "" ? hostPlatform() : parsePlatform(wanted);
  const entries = Object.entries({ TARGET: target, BUILD: hostPlatform() }).flatMap(([prefix, platform]) => [
    [`${prefix}PLATFORM`, formatPlatform(platform)] as const,
    [`${prefix}OS`, platform.os] as const,
    [`${prefix}ARCH`, platform.architecture] as const,
    [`${prefix}VARIANT`, platform.variant ?? ""] as const,
  ]);
  return new Map(entries);
}

function warnUnused(session: BuildSession, args: BuildArgs): void {
  const unused = args.unused();
  if (unused.length > 0) session.print(`[Warning] One or more build-args [${unused.join(" ")}] were not consumed\n`);
}

function noImage(): never {
  throw new EngineError("invalid", "No image was generated. Is your Dockerfile empty?");
}

function finish(job: Job, session: BuildSession, { image }: StageState): void {
  if (!image) noImage();
  session.print(`Successfully built ${shortId(image.id)}\n`);
  for (const reference of job.references) {
    job.host.images.tag(image.id, reference);
    session.print(`Successfully tagged ${familiarReference(reference)}\n`);
  }
  job.reporter.succeed(image.id);
}

function failureMessage(error: unknown, signal: AbortSignal): ProgressMessage {
  const message = signal.aborted ? "context canceled" : messageOf(error);
  const code = error instanceof RunFailure ? { code: error.exitCode } : {};
  return { errorDetail: { ...code, message }, error: message };
}
