import { EngineError } from "#core";
import {
  parseDockerfile,
  type ArgInstruction,
  type Dockerfile,
  type PairsInstruction,
  type Stage,
  type StageInstruction,
} from "../dockerfile/mod.ts";
import type { BuildOptions } from "../options.ts";

/** What will be done: stages up to the target, and the number of steps people see. */
export interface BuildPlan {
  readonly escape: string;
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  readonly steps: number;
  readonly warnings: readonly string[];
}

/** @throws EngineError `invalid` with Docker's text */
export function planBuild(text: string, options: Pick<BuildOptions, "target" | "labels">): BuildPlan {
  const dockerfile = parseDockerfile(text);
  const stages = withLabels(upToTarget(dockerfile, options.target), options.labels);
  const steps = stages.reduce((sum, stage) => sum + 1 + stage.instructions.length, dockerfile.globalArgs.length);
  return { escape: dockerfile.escape, globalArgs: dockerfile.globalArgs, stages, steps, warnings: dockerfile.warnings };
}

function upToTarget({ stages }: Dockerfile, target: string): readonly Stage[] {
  if (target === "") return stages;
  const at = findStage(stages, target, stages.length);
  if (at === undefined) throw new EngineError("invalid", `target stage ${JSON.stringify(target)} could not be found`);
  return stages.slice(0, at + 1);
}

/** Index of a stage by name (the last of that name before `end`) or by number. */
export function findStage(stages: readonly Stage[], name: string, end: number): number | undefined {
  const at = stages.slice(0, end).findLastIndex((stage) => stage.from.stageName === name.toLowerCase());
  if (at >= 0) return at;
  return /^\d{1,6}$/.test(name) && Number(name) < end ? Number(name) : undefined;
}

/** Labels of the request become LABEL steps at the end. */
function withLabels(stages: readonly Stage[], labels: Readonly<Record<string, string>>): readonly Stage[] {
  const last = stages.at(-1);
  const names = Object.keys(labels).toSorted();
  if (!last || names.length === 0) return stages;
  const extra: StageInstruction[] = names.map((name) => labelInstruction(name, labels[name] ?? ""));
  return [...stages.slice(0, -1), { ...last, instructions: [...last.instructions, ...extra] }];
}

/** Single quotes keep the value from being expanded. */
function labelInstruction(name: string, value: string): PairsInstruction {
  const literal = (text: string): string =>
    text.replace(/[^\w.:/@-]+/g, (part) => `'${part.replaceAll("'", `'"'"'`)}'`);
  return {
    kind: "LABEL",
    line: 0,
    endLine: 0,
    text: `LABEL ${name}=${value}`,
    pairs: [{ name: literal(name), value: literal(value) }],
  };
}
