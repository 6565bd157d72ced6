import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "../framework/command.ts";

/**
 * Lines of an environment or label file: blank lines and comments dropped, nothing unquoted.
 * @throws CliError with Docker's text
 */
function keyLines(path: string, cwd: string): readonly string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(cwd, path));
  } catch (cause) {
    throw new CliError(`open ${path}: no such file or directory`, 125, { cause });
  }
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw new CliError(`env file ${path} contains invalid utf8 bytes`, 125);
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** `NAME=value` lines, and `NAME` lines that take the client's own value (and are dropped where it has none). */
export function readEnvironment(
  files: readonly string[],
  values: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): string[] {
  const fromFiles = files.flatMap((path) =>
    keyLines(path, cwd).map((line) => {
      const name = line.split("=", 1)[0] ?? "";
      if (name === "") throw new CliError(`no variable name on line '${line}'`, 125);
      if (/\s/.test(name)) throw new CliError(`variable '${name}' contains whitespaces`, 125);
      return line;
    }),
  );
  return [...fromFiles, ...values].flatMap((item) => {
    if (item === "" || item.startsWith("=")) throw new CliError(`invalid environment variable: ${item}`, 125);
    if (item.includes("=")) return [item];
    const own = env[item];
    return own === undefined ? [] : [`${item}=${own}`];
  });
}

/** Labels of files and flags; a label without a value has the empty one. */
export function readLabels(files: readonly string[], values: readonly string[], cwd: string): Record<string, string> {
  return keyValues([...files.flatMap((path) => keyLines(path, cwd)), ...values]);
}

/** `key=value` items as an object; the last one of a key wins. */
export function keyValues(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}
