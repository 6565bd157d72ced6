import { EngineError } from "#core";
import { expandWord, type ArgInstruction, type StageInstruction } from "../dockerfile/mod.ts";
import { commitStep, findCached, type StepImage } from "./commit.ts";
import { copyStep } from "./copy.ts";
import { writeLayer } from "./layers.ts";
import { applyMetadata, shellOf, type MetadataInstruction } from "./metadata.ts";
import { runStep } from "./run.ts";
import type { BuildSession } from "./session.ts";
import { chainOf, lookupIn, shellOfStage, type StageState } from "./stage.ts";
import { makeDirectories } from "./transfer.ts";
import { resolveBeneath } from "./tree.ts";

/** Carries out one instruction of a stage. @throws EngineError */
export async function instructionStep(
  session: BuildSession,
  state: StageState,
  instruction: StageInstruction,
): Promise<StageState> {
  session.signal.throwIfAborted();
  switch (instruction.kind) {
    case "RUN":
      return runStep(session, state, instruction);
    case "COPY":
    case "ADD":
      return copyStep(session, state, instruction);
    case "ARG":
      return argStep(session, state, instruction);
    default:
      return metadataStep(session, state, instruction);
  }
}

async function argStep(session: BuildSession, state: StageState, { args }: ArgInstruction): Promise<StageState> {
  const values = args.map(({ name, value }) => ({
    name,
    value: value === undefined ? undefined : expandWord(value, lookupIn(state), session.plan.escape),
  }));
  for (const { name, value } of values) state.args.declare(name, value);
  const shown = values.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(" ");
  const createdBy = `${shellOfStage(state)} #(nop)  ARG ${shown}`;
  return finish(session, state, { config: state.config, author: state.author, createdBy, inputs: [] });
}

async function metadataStep(
  session: BuildSession,
  state: StageState,
  instruction: MetadataInstruction,
): Promise<StageState> {
  const context = { lookup: lookupIn(state), escape: session.plan.escape, commandSet: state.commandSet };
  const change = applyMetadata(state.config, instruction, context);
  if (change.note !== undefined) session.print(change.note);
  const author = change.author ?? state.author;
  const createdBy = `${shellOf(change.config).join(" ")} #(nop) ${change.text}`;
  const next = { ...state, author, config: change.config, commandSet: state.commandSet || setsCommand(instruction) };
  const directory = instruction.kind === "WORKDIR" ? change.config.WorkingDir : undefined;
  return finish(session, next, { config: change.config, author, createdBy, inputs: [] }, directory);
}

function setsCommand(instruction: MetadataInstruction): boolean {
  return instruction.kind === "CMD" && instruction.command.args.length > 0;
}

/** From the cache, or a new image: without a layer, but for the directory that WORKDIR makes where it is missing. */
async function finish(
  session: BuildSession,
  state: StageState,
  step: StepImage,
  directory?: string,
): Promise<StageState> {
  const cached = await findCached(session, state, step);
  if (cached) {
    session.print(" ---> Using cache\n");
    return { ...state, image: cached };
  }
  const layer = directory === undefined ? undefined : await makeWorkdir(session, state, directory);
  return { ...state, image: await commitStep(session, state, step, layer), cacheMissed: true };
}

function makeWorkdir(session: BuildSession, state: StageState, directory: string): ReturnType<typeof writeLayer> {
  return writeLayer(session.host, chainOf(state.image), session.lease, async (root) => {
    const target = await resolveBeneath(root, directory, { followLast: true });
    if (target.kind === "file" || target.kind === "other") {
      throw new EngineError("invalid", `Cannot mkdir: ${directory} is not a directory`);
    }
    await makeDirectories(root, target, { nowNs: session.clock.nowNs() });
  });
}
