import { EngineError } from "#core";
import type { ImageRecord } from "#image";
import { parsePlatform } from "#spec";
import { expandWord, parseTrigger, type FromInstruction } from "../dockerfile/mod.ts";
import type { BuildArgs } from "./args.ts";
import { findImage } from "./images.ts";
import { findStage } from "./plan.ts";
import type { BuildSession } from "./session.ts";
import { beginStage, type StageState } from "./stage.ts";
import { instructionStep } from "./step.ts";

/** FROM: an earlier stage, `scratch`, or an image; then the base's ONBUILD triggers. @throws EngineError */
export async function fromStep(
  session: BuildSession,
  instruction: FromInstruction,
  args: BuildArgs,
): Promise<StageState> {
  const lookup = (name: string): string | undefined => args.global(name);
  const base = expandWord(instruction.base, lookup, session.plan.escape);
  if (base === "") throw new EngineError("invalid", `base name (${instruction.base}) should not be blank`);
  const platform = expandWord(instruction.platform ?? "", lookup, session.plan.escape);
  if (platform !== "") parsePlatform(platform);
  const stage = session.stages[findStage(session.plan.stages, base, session.stages.length) ?? -1];
  const image = stage ? stage.image : await baseImage(session, base);
  const state = beginStage(image, instruction.stageName, args.forStage(stage?.args));
  return runTriggers(session, state, image?.config.config?.OnBuild ?? []);
}

function baseImage(session: BuildSession, name: string): Promise<ImageRecord | undefined> {
  return name === "scratch" ? Promise.resolve(undefined) : findImage(session, name);
}

async function runTriggers(session: BuildSession, begun: StageState, triggers: readonly string[]): Promise<StageState> {
  if (triggers.length === 0) return begun;
  session.print(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? "s" : ""}\n`);
  let state = begun;
  for (const trigger of triggers) state = await instructionStep(session, state, parseTrigger(trigger));
  return state;
}
