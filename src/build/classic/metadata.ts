import { posix } from "node:path";
import { formatDuration, parseSignal } from "#core";
import type { HealthConfig, ImageRunConfig } from "#spec";
import {
  expandToWords,
  expandWord,
  type CommandLine,
  type Lookup,
  type NameValue,
  type StageInstruction,
} from "../dockerfile/mod.ts";
import { setEnv } from "./environment.ts";
import { exposedPorts } from "./ports.ts";

/** Instructions that change the config alone. WORKDIR belongs here for its text; its directory is the builder's matter. */
export type MetadataInstruction = Exclude<StageInstruction, { readonly kind: "RUN" | "COPY" | "ADD" | "ARG" }>;

export interface MetadataContext {
  readonly lookup: Lookup;
  readonly escape: string;
  /** A CMD was set in this stage already: ENTRYPOINT keeps it. */
  readonly commandSet: boolean;
}

export interface MetadataChange {
  readonly config: ImageRunConfig;
  readonly author?: string;
  /** What history shows after `#(nop) `. */
  readonly text: string;
  /** A line for people, printed before the step. */
  readonly note?: string;
}

/** Pure: the config after an instruction, and its history text in Docker's words. @throws EngineError `invalid` */
export function applyMetadata(
  config: ImageRunConfig,
  instruction: MetadataInstruction,
  context: MetadataContext,
): MetadataChange {
  const expand = (word: string): string => expandWord(word, context.lookup, context.escape);
  switch (instruction.kind) {
    case "ENV":
      return applyEnv(config, expandPairs(instruction.pairs, expand));
    case "LABEL":
      return applyLabels(config, expandPairs(instruction.pairs, expand));
    case "EXPOSE":
      return applyExpose(
        config,
        instruction.words.flatMap((word) => expandToWords(word, context.lookup, context.escape)),
      );
    case "VOLUME":
      return applyVolumes(config, instruction.words.map(expand));
    case "WORKDIR":
      return applyWorkdir(config, expand(instruction.word));
    case "USER":
      return applyUser(config, expand(instruction.word));
    case "STOPSIGNAL":
      return applyStopSignal(config, expand(instruction.word));
    case "MAINTAINER":
      return { config, author: instruction.word, text: ` MAINTAINER ${instruction.word}` };
    case "SHELL":
      return { config: { ...config, Shell: instruction.shell }, text: ` SHELL [${instruction.shell.join(" ")}]` };
    case "ONBUILD":
      return {
        config: { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] },
        text: ` ONBUILD ${instruction.trigger}`,
      };
    case "HEALTHCHECK":
      return applyHealthcheck(config, instruction.health);
    case "CMD":
      return applyCommand(config, instruction.command);
    case "ENTRYPOINT":
      return applyEntrypoint(config, instruction.command, context.commandSet);
  }
}

/** The arguments to execute: shell form runs in the SHELL of the config. */
export function resolveCommand(config: ImageRunConfig, command: CommandLine): string[] {
  return command.form === "exec" ? [...command.args] : [...shellOf(config), ...command.args];
}

export function shellOf(config: ImageRunConfig): readonly string[] {
  return config.Shell?.length ? config.Shell : ["/bin/sh", "-c"];
}

function expandPairs(pairs: readonly NameValue[], expand: (word: string) => string): NameValue[] {
  return pairs.map(({ name, value }) => ({ name: expand(name), value: expand(value) }));
}

function pairsText(keyword: string, pairs: readonly NameValue[]): string {
  return ` ${keyword}${pairs.map(({ name, value }) => ` ${name}=${value}`).join("")}`;
}

function applyEnv(config: ImageRunConfig, pairs: readonly NameValue[]): MetadataChange {
  const env = pairs.reduce<readonly string[]>((list, { name, value }) => setEnv(list, name, value), config.Env ?? []);
  return { config: { ...config, Env: env }, text: pairsText("ENV", pairs) };
}

function applyLabels(config: ImageRunConfig, pairs: readonly NameValue[]): MetadataChange {
  const labels = { ...config.Labels, ...Object.fromEntries(pairs.map(({ name, value }) => [name, value])) };
  return { config: { ...config, Labels: labels }, text: pairsText("LABEL", pairs) };
}

function applyExpose(config: ImageRunConfig, words: readonly string[]): MetadataChange {
  const ports = Object.fromEntries(words.flatMap(exposedPorts).map((port) => [port, {}]));
  const text = ` EXPOSE ${words.toSorted().join(" ")}`;
  return { config: { ...config, ExposedPorts: { ...config.ExposedPorts, ...ports } }, text };
}

function applyVolumes(config: ImageRunConfig, paths: readonly string[]): MetadataChange {
  const volumes = { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) };
  return { config: { ...config, Volumes: volumes }, text: ` VOLUME [${paths.join(" ")}]` };
}

function applyWorkdir(config: ImageRunConfig, path: string): MetadataChange {
  const directory = posix.resolve("/", config.WorkingDir ?? "", path);
  return { config: { ...config, WorkingDir: directory }, text: `WORKDIR ${directory}` };
}

function applyUser(config: ImageRunConfig, user: string): MetadataChange {
  return { config: { ...config, User: user }, text: ` USER ${user}` };
}

function applyStopSignal(config: ImageRunConfig, signal: string): MetadataChange {
  parseSignal(signal);
  return { config: { ...config, StopSignal: signal }, text: ` STOPSIGNAL ${signal}` };
}

function applyHealthcheck(config: ImageRunConfig, health: HealthConfig): MetadataChange {
  const old = config.Healthcheck?.Test ?? [];
  const times = [health.Interval, health.Timeout, health.StartPeriod, health.StartInterval];
  const shown = [
    `[${(health.Test ?? []).join(" ")}]`,
    ...times.map((ns) => formatDuration(ns ?? 0)),
    health.Retries ?? 0,
  ];
  const overrides = old.length > 0 && old[0] !== "NONE";
  return {
    config: { ...config, Healthcheck: health },
    text: ` HEALTHCHECK &{${shown.join(" ")}}`,
    ...(overrides ? { note: `Note: overriding previous HEALTHCHECK: [${old.join(" ")}]\n` } : {}),
  };
}

function quoted(args: readonly string[]): string {
  return `[${args.map((arg) => JSON.stringify(arg)).join(" ")}]`;
}

function applyCommand(config: ImageRunConfig, command: CommandLine): MetadataChange {
  const args = resolveCommand(config, command);
  return { config: { ...config, Cmd: args }, text: ` CMD ${quoted(args)}` };
}

/** Drops a CMD that came with the base image. */
function applyEntrypoint(config: ImageRunConfig, command: CommandLine, keepCommand: boolean): MetadataChange {
  const args = resolveCommand(config, command);
  const { Cmd, ...rest } = config;
  const kept = keepCommand && Cmd !== undefined ? { ...rest, Cmd } : rest;
  return { config: { ...kept, Entrypoint: args }, text: ` ENTRYPOINT ${quoted(args)}` };
}
