import { EngineError } from "#core";
import { syntaxError } from "./errors.ts";
import type { ArgInstruction, Dockerfile, Stage, StageInstruction } from "./instruction.ts";
import { readSource } from "./lines.ts";
import { parseInstruction } from "./parse-instruction.ts";

/** @throws EngineError `invalid`, in Docker's words and with the line */
export function parseDockerfile(text: string): Dockerfile {
  const source = readSource(text);
  const globalArgs: ArgInstruction[] = [];
  const stages: (Stage & { readonly instructions: StageInstruction[] })[] = [];
  for (const item of source.instructions) {
    const instruction = parseInstruction(item, source.escape);
    const stage = stages.at(-1);
    if (instruction.kind === "FROM") stages.push({ from: instruction, instructions: [] });
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === "ARG") globalArgs.push(instruction);
    else throw new EngineError("invalid", "no build stage in current context");
  }
  if (stages.length === 0) throw syntaxError("file with no build stage: FROM is missing");
  const { escape, directives, warnings } = source;
  return { escape, directives, globalArgs, stages, warnings };
}

/**
 * One instruction from an image's ONBUILD list, or from `--change`; the escape character is a backslash there.
 * @throws EngineError `invalid`
 */
export function parseTrigger(text: string): StageInstruction {
  const [first, ...more] = readSource(text).instructions;
  if (!first || more.length > 0) throw new EngineError("invalid", "onbuild trigger should be a single expression");
  const instruction = parseInstruction(first, "\\");
  if (instruction.kind === "FROM") throw new EngineError("invalid", "FROM isn't allowed as an ONBUILD trigger");
  return instruction;
}
