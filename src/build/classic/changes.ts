import { EngineError } from "#core";
import type { ImageRunConfig } from "#spec";
import { parseTrigger } from "../dockerfile/mod.ts";
import { envValue } from "./environment.ts";
import { applyMetadata } from "./metadata.ts";

const allowed = "CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR".split(" ");

/**
 * The `--change` lines of commit and import, laid on a config in order; each one instruction.
 * @throws EngineError `invalid`, `RUN is not a valid change command`
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  let result = config;
  let commandSet = false;
  for (const change of changes) {
    const keyword = change.trim().split(/\s/, 1)[0] ?? "";
    if (!allowed.includes(keyword.toUpperCase())) {
      throw new EngineError("invalid", `${keyword} is not a valid change command`);
    }
    const instruction = parseTrigger(change);
    if (
      instruction.kind === "RUN" ||
      instruction.kind === "COPY" ||
      instruction.kind === "ADD" ||
      instruction.kind === "ARG"
    )
      continue;
    const env = result.Env ?? [];
    result = applyMetadata(result, instruction, {
      lookup: (name) => envValue(env, name),
      escape: "\\",
      commandSet,
    }).config;
    commandSet ||= instruction.kind === "CMD";
  }
  return result;
}
