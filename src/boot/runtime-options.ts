import { EngineError } from "#core";
import type { RegisteredRuntime } from "#runtime";

/** The name that a flag cannot give to another program. */
const reserved = "runc";

/**
 * OCI runtimes by name: `name=path` of the flag `--add-runtime`, and `{name: {path, runtimeArgs}}` of daemon.json. A path
 * without a slash is looked for in PATH.
 * @throws EngineError `invalid` in Docker's words
 */
export function registeredRuntimes(flags: unknown, file: unknown): Readonly<Record<string, RegisteredRuntime>> {
  const named = Array.isArray(flags) ? flags.map((entry: unknown) => namedRuntime(String(entry))) : [];
  const names = named.map(([name]) => name);
  const again = names.find((name, at) => names.indexOf(name) < at);
  if (again !== undefined) throw badFlag(again, `runtime '${again}' was already defined`);
  return { ...fileRuntimes(file ?? {}), ...Object.fromEntries(named) };
}

function namedRuntime(entry: string): readonly [string, RegisteredRuntime] {
  const equals = entry.indexOf("=");
  const [name, path] = [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()];
  if (equals < 0 || name === "" || path === "") throw badFlag(entry, `invalid runtime argument: ${entry}`);
  if (name.toLowerCase() === reserved) throw badFlag(entry, `runtime name '${reserved}' is reserved`);
  return [checkedName(name), { path: programPath(path) }];
}

function badFlag(entry: string, reason: string): EngineError {
  return new EngineError("invalid", `invalid argument ${JSON.stringify(entry)} for "--add-runtime" flag: ${reason}`);
}

function fileRuntimes(value: unknown): Readonly<Record<string, RegisteredRuntime>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongKind("runtimes", value);
  return Object.fromEntries(
    Object.entries(value).map(([name, runtime]) => [checkedName(name), fileRuntime(name, runtime)]),
  );
}

function fileRuntime(name: string, value: unknown): RegisteredRuntime {
  if (typeof value !== "object" || value === null) throw wrongKind(`runtimes.${name}`, value);
  const { path = "", runtimeArgs, runtimeType, options } = value as Readonly<Record<string, unknown>>;
  if (runtimeType !== undefined || options !== undefined)
    throw new EngineError("invalid", `runtime ${name}: runtimeType and options are for shims of containerd`);
  if (typeof path !== "string") throw wrongKind(`runtimes.${name}.path`, path);
  if (path === "")
    throw new EngineError("invalid", `runtime ${name}: either a runtimeType or a path must be configured`);
  if (runtimeArgs === undefined || runtimeArgs === null) return { path: programPath(path) };
  if (!isTexts(runtimeArgs)) throw wrongKind(`runtimes.${name}.runtimeArgs`, runtimeArgs);
  return { path: programPath(path), runtimeArgs };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** It names a directory. */
function checkedName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return name;
  throw new EngineError("invalid", `invalid runtime name: ${JSON.stringify(name)}`);
}

function programPath(path: string): string {
  if (path.startsWith("/")) return path;
  if (path.includes("/")) throw new EngineError("invalid", `the path of an OCI runtime must be absolute: ${path}`);
  return Bun.which(path) ?? path;
}

function wrongKind(name: string, value: unknown): EngineError {
  return new EngineError("invalid", `invalid value for ${name}: ${JSON.stringify(value)}`);
}
