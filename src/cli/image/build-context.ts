import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import {
  createIgnoreMatcher,
  detectCompression,
  packEntries,
  packTree,
  parseIgnoreFile,
  type IgnoreMatcher,
} from "#archive";
import type { ByteSource } from "#client";
import { CliError, type Context } from "../framework/command.ts";

/** What `build` sends: a tar, or the name of a context that the daemon fetches. */
export interface BuildContext {
  readonly tar?: ByteSource;
  readonly remote?: string;
  /** Path of the Dockerfile in the context. */
  readonly dockerfile: string;
}

/** Makes the context of PATH, a URL, or `-` (a tar, or a Dockerfile alone, on stdin). @throws CliError with Docker's text */
export async function openBuildContext(context: Context, source: string, file: string): Promise<BuildContext> {
  if (source === "-") return stdinContext(context, file);
  if (isRemote(source)) return { remote: source, dockerfile: file };
  return directoryContext(context, source, file);
}

function isRemote(source: string): boolean {
  return /^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(source);
}

async function stdinContext(context: Context, file: string): Promise<BuildContext> {
  if (file === "-") throw new CliError("invalid argument: can't use stdin for both build context and dockerfile");
  const { head, rest } = await takeHead(context.stdin());
  if (isTar(head) || detectCompression(head) !== "none") return { tar: joined(head, rest), dockerfile: file };
  const text = await collect(joined(head, rest));
  if (text.length === 0)
    throw new CliError("unable to prepare context: failed to peek context header from STDIN: unexpected EOF");
  return { tar: packEntries([entry("Dockerfile", text)]), dockerfile: "Dockerfile" };
}

function isTar(head: Uint8Array): boolean {
  return head.length >= 262 && Buffer.from(head.subarray(257, 262)).toString("latin1") === "ustar";
}

async function takeHead(
  source: AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncIterator<Uint8Array> }> {
  const rest = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  while (head.length < 512) {
    const next = await rest.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, rest };
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function entry(
  path: string,
  body: Uint8Array,
): { header: { path: string; type: "file"; size: number; mode: number }; body: Uint8Array } {
  return { header: { path, type: "file", size: body.length, mode: 0o644 }, body };
}

async function directoryContext(context: Context, source: string, file: string): Promise<BuildContext> {
  const root = realDirectory(context.cwd, source);
  const outside = file === "-" ? await collect(context.stdin()) : undefined;
  const dockerfile = outside ? undefined : locate(context.cwd, root, file);
  if (dockerfile && !dockerfile.startsWith("..")) {
    return { tar: packTree(root, { filter: contextFilter(root, dockerfile), owner: { uid: 0, gid: 0 } }), dockerfile };
  }
  const text = outside ?? readFileSync(resolve(root, dockerfile ?? ""));
  return withDockerfile(root, text, dockerfile === undefined ? undefined : resolve(root, dockerfile));
}

function realDirectory(cwd: string, source: string): string {
  const path = resolve(cwd, source);
  if (!existsSync(path)) throw new CliError(`unable to prepare context: path ${JSON.stringify(source)} not found`);
  const real = realpathSync(path);
  if (!statSync(real).isDirectory())
    throw new CliError(`unable to prepare context: context must be a directory: ${real}`);
  return real;
}

/** The Dockerfile's path seen from the context; it begins with `..` when it lies outside. `Dockerfile` may be in lower case. */
function locate(cwd: string, root: string, file: string): string {
  let path = file === "" ? join(root, "Dockerfile") : resolve(cwd, file);
  if (file === "" && !existsSync(path) && existsSync(join(root, "dockerfile"))) path = join(root, "dockerfile");
  try {
    lstatSync(path);
  } catch (cause) {
    throw new CliError(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${path}: no such file or directory`,
      1,
      { cause },
    );
  }
  return relative(root, join(realpathSync(dirname(path)), basename(path)));
}

type Filter = (path: string, isDirectory: boolean) => "keep" | "skip" | "prune";

/** Leaves out what `.dockerignore` (or `<Dockerfile>.dockerignore`) excludes; those two files are always sent. */
function contextFilter(root: string, dockerfile: string): Filter {
  const own = `${dockerfile}.dockerignore`;
  const ignoreFile = existsSync(join(root, own)) ? own : ".dockerignore";
  const matcher = ignoreMatcher(join(root, ignoreFile));
  if (!matcher) return () => "keep";
  const wanted = new Set([dockerfile, ignoreFile]);
  return (path, isDirectory) => {
    if (wanted.has(path) || !matcher.excludes(path)) return "keep";
    const holdsWanted = [...wanted].some((name) => name.startsWith(`${path}/`));
    return isDirectory && matcher.prunes(path) && !holdsWanted ? "prune" : "skip";
  };
}

function ignoreMatcher(path: string): IgnoreMatcher | undefined {
  return existsSync(path) ? createIgnoreMatcher(parseIgnoreFile(readFileSync(path, "utf8"))) : undefined;
}

/** The context with a Dockerfile from elsewhere in it, under a name that nothing has; `.dockerignore` hides it from COPY. */
function withDockerfile(root: string, text: Uint8Array, origin: string | undefined): BuildContext {
  const dockerfile = `.dockerfile.${randomBytes(10).toString("hex")}`;
  const own = origin === undefined ? undefined : `${origin}.dockerignore`;
  const ignorePath = own !== undefined && existsSync(own) ? own : join(root, ".dockerignore");
  const ignored = existsSync(ignorePath) ? `${readFileSync(ignorePath, "utf8").trimEnd()}\n` : "";
  const matcher = ignored === "" ? undefined : createIgnoreMatcher(parseIgnoreFile(ignored));
  const filter: Filter = (path, isDirectory) => {
    if (path === ".dockerignore") return "skip";
    if (!matcher?.excludes(path)) return "keep";
    return isDirectory && matcher.prunes(path) ? "prune" : "skip";
  };
  const added = [
    entry(".dockerignore", Buffer.from(`${ignored}.dockerignore\n${dockerfile}\n`)),
    entry(dockerfile, text),
  ];
  return { tar: concatTars(packEntries(added), packTree(root, { filter, owner: { uid: 0, gid: 0 } })), dockerfile };
}

/** The second tar behind the first, whose two closing blocks are dropped. */
async function* concatTars(
  first: ReadableStream<Uint8Array>,
  second: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const head = await collect(first);
  yield head.subarray(0, head.length - 1024);
  yield* second;
}
