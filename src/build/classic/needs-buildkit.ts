import { EngineError } from "#core";

/** An option that this builder does not carry out; never ignored. */
export function needsBuildkit(option: string): EngineError {
  const hint = "Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled";
  return new EngineError("invalid", `the --${option} option requires BuildKit. ${hint}`);
}
