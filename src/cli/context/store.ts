import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { TlsOptions } from "#client";
import { errorCode } from "#term";
import { CliError } from "../framework/command.ts";

/** A context as Docker's client stores it: `contexts/meta/<sha256 of the name>/meta.json`. */
export interface StoredContext {
  readonly Name: string;
  readonly Metadata: { readonly Description?: string };
  readonly Endpoints: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const directoryOf = (configDirectory: string, kind: "meta" | "tls", name: string): string =>
  `${configDirectory}/contexts/${kind}/${createHash("sha256").update(name).digest("hex")}`;

/** @throws CliError for a name that no context can have */
export function checkContextName(name: string): void {
  if (name === "") throw new CliError("context name cannot be empty");
  if (name === "default") throw new CliError('"default" is a reserved context name');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/.test(name)) {
    throw new CliError(
      `context name "${name}" is invalid, names are validated against regexp "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"`,
    );
  }
}

/** Undefined when there is no such context. */
export function readContext(configDirectory: string, name: string): StoredContext | undefined {
  const text = readOptional(`${directoryOf(configDirectory, "meta", name)}/meta.json`);
  return text === undefined ? undefined : (JSON.parse(text) as StoredContext);
}

/** @throws CliError with Docker's text */
export function requireContext(configDirectory: string, name: string): StoredContext {
  const found = readContext(configDirectory, name);
  if (!found)
    throw new CliError(
      `context "${name}": context not found: open ${directoryOf(configDirectory, "meta", name)}/meta.json: no such file or directory`,
    );
  return found;
}

/** All stored contexts, by name. */
export function listContexts(configDirectory: string): readonly StoredContext[] {
  const root = `${configDirectory}/contexts/meta`;
  let entries: readonly string[];
  try {
    entries = readdirSync(root);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  return entries
    .map((entry) => readOptional(`${root}/${entry}/meta.json`))
    .filter((text) => text !== undefined)
    .map((text) => JSON.parse(text) as StoredContext)
    .toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** TLS material of a context; undefined when it has none. */
export function readContextTls(configDirectory: string, context: StoredContext): TlsOptions | undefined {
  const directory = `${directoryOf(configDirectory, "tls", context.Name)}/docker`;
  const files = {
    ca: readOptional(`${directory}/ca.pem`),
    cert: readOptional(`${directory}/cert.pem`),
    key: readOptional(`${directory}/key.pem`),
  };
  const skip = context.Endpoints.docker?.SkipTLSVerify === true;
  if (!skip && Object.values(files).every((text) => text === undefined)) return undefined;
  return { verify: !skip, ...present(files) };
}

/** Drops keys without a value. */
function present(files: Readonly<Record<keyof TlsFiles, string | undefined>>): TlsFiles {
  return Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined));
}

export function writeContext(configDirectory: string, context: StoredContext, tls: TlsFiles): void {
  const meta = directoryOf(configDirectory, "meta", context.Name);
  mkdirSync(meta, { recursive: true, mode: 0o755 });
  writeFileSync(`${meta}/meta.json`, JSON.stringify(context), { mode: 0o644 });
  const files = Object.entries(tls);
  if (files.length === 0) return;
  const directory = `${directoryOf(configDirectory, "tls", context.Name)}/docker`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const [name, text] of files) writeFileSync(`${directory}/${name}.pem`, String(text), { mode: 0o600 });
}

export function removeContext(configDirectory: string, name: string): void {
  rmSync(directoryOf(configDirectory, "meta", name), { recursive: true, force: true });
  rmSync(directoryOf(configDirectory, "tls", name), { recursive: true, force: true });
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
