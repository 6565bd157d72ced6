import type { ChainId } from "#core";
import type { ImageRecord, NewLayer } from "#image";
import type { ImageRunConfig } from "#spec";
import { defaultPath, envValue } from "./environment.ts";
import type { BuildArgs } from "./args.ts";
import { shellOf } from "./metadata.ts";

/** Where a stage stands: the image of its last step and what the next one starts from. */
export interface StageState {
  readonly name: string | undefined;
  /** Undefined: nothing yet on `scratch`. */
  readonly image: ImageRecord | undefined;
  readonly config: ImageRunConfig;
  readonly author: string | undefined;
  readonly args: BuildArgs;
  /** A CMD was set in this stage: ENTRYPOINT keeps it. */
  readonly commandSet: boolean;
  /** A step was no cache hit: none is looked for until the stage ends. */
  readonly cacheMissed: boolean;
}

/** A stage at its FROM: config of the base, with a PATH, and without its triggers. */
export function beginStage(base: ImageRecord | undefined, name: string | undefined, args: BuildArgs): StageState {
  const { OnBuild: _triggers, ...config } = base?.config.config ?? {};
  const env = config.Env ?? [];
  const hasPath = envValue(env, "PATH") !== undefined;
  return {
    name,
    image: base,
    config: { ...config, Env: hasPath ? env : [...env, defaultPath] },
    author: base?.config.author,
    args,
    commandSet: false,
    cacheMissed: false,
  };
}

export function chainOf(image: ImageRecord | undefined): ChainId | undefined {
  return image?.layers.at(-1)?.chainId;
}

export function layersOf(image: ImageRecord | undefined): readonly NewLayer[] {
  return (image?.layers ?? []).map(({ diffId, blob }) => ({ diffId, blob }));
}

/** Variables as an instruction of the stage sees them: ENV before ARG. */
export function lookupIn(state: StageState): (name: string) => string | undefined {
  const env = state.config.Env ?? [];
  return (name) => envValue(env, name) ?? state.args.get(name);
}

/** The shell, as history shows it. */
export function shellOfStage(state: StageState): string {
  return shellOf(state.config).join(" ");
}
