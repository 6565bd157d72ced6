import { errorCode, nodeFs } from "#term";
import { CliError } from "../framework/command.ts";
import { resolvePath } from "../framework/paths.ts";

/**
 * Lines of an environment or label file: blank lines and comments dropped, nothing unquoted.
 * @throws CliError with Docker's text
 */
function keyLines(path: string, cwd: string): readonly string[] {
  // Docker says so of label files, too.
  const wrong = (reason: string): CliError => new CliError(`invalid env file (${path}): ${reason}`, 125);
  let bytes: Buffer;
  try {
    bytes = nodeFs().readFileSync(resolvePath(cwd, path));
  } catch (cause) {
    if (errorCode(cause) === "EISDIR") throw wrong(`read ${path}: is a directory`);
    const reason = errorCode(cause) === "EACCES" ? "permission denied" : "no such file or directory";
    throw new CliError(`open ${path}: ${reason}`, 125, { cause });
  }
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw wrong(invalidBytes(bytes));
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"));
  for (const line of lines) {
    const name = line.split("=", 1)[0] ?? "";
    if (name === "") throw wrong(`no variable name on line '${line}'`);
    if (/\s/.test(name)) throw wrong(`variable '${name}' contains whitespaces`);
  }
  return lines;
}

/** The first line that is no UTF-8, byte by byte. */
function invalidBytes(bytes: Buffer): string {
  const lines = bytes.toString("latin1").split("\n");
  const number = lines.findIndex(
    (line) => Buffer.from(Buffer.from(line, "latin1").toString("utf8")).toString("latin1") !== line,
  );
  const line = Buffer.from((lines[number] ?? "").replace(/\r$/, ""), "latin1");
  return `invalid utf8 bytes at line ${number + 1}: [${[...line].join(" ")}]`;
}

/** Where names without a value take one from, and relative paths start. */
interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** `NAME=value` lines, and `NAME` lines that take the client's own value (and are dropped where it has none). */
export function readEnvironment(files: readonly string[], values: readonly string[], around: Surroundings): string[] {
  const fromFiles = files.flatMap((path) => keyLines(path, around.cwd));
  return [...fromFiles, ...values].flatMap((item) => {
    if (item === "" || item.startsWith("=")) throw new CliError(`invalid environment variable: ${item}`, 125);
    return withValue(item, around);
  });
}

function withValue(item: string, { env }: Surroundings): string[] {
  if (item.includes("=")) return [item];
  const own = env[item];
  return own === undefined ? [] : [`${item}=${own}`];
}

/** Labels of files and flags. A flag without a value has the empty one; a line of a file is as one of `--env-file`. */
export function readLabels(
  files: readonly string[],
  values: readonly string[],
  around: Surroundings,
): Record<string, string> {
  const fromFiles = files.flatMap((path) => keyLines(path, around.cwd));
  return keyValues([...fromFiles.flatMap((line) => withValue(line, around)), ...values]);
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
