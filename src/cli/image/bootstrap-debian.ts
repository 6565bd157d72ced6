import { mkdtempSync, readFileSync } from "node:fs";
import { packTree } from "#archive";
import { CliError, type Context } from "../framework/command.ts";

export interface DebootstrapOptions {
  readonly suite: string;
  readonly include: readonly string[];
  /** Empty: debootstrap's own. */
  readonly mirror: string;
}

/** A Debian root in a temporary directory, removed with the handle. */
export interface DebianRoot extends AsyncDisposable {
  tar(): ReadableStream<Uint8Array>;
}

/** The host's own suite where the host is a Debian; else `stable`. */
export function hostSuite(): string {
  const text = readFileSync("/etc/os-release", "utf8");
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1];
  return (field("ID") === "debian" ? field("VERSION_CODENAME") : undefined) ?? "stable";
}

/** Runs debootstrap (minbase). @throws CliError when it is absent or fails */
export async function debootstrapRoot(
  context: Context,
  { suite, include, mirror }: DebootstrapOptions,
): Promise<DebianRoot> {
  const searchPath = `${context.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const program = Bun.which("debootstrap", { PATH: searchPath });
  if (program === null)
    throw new CliError("debootstrap is not on this host: install it (Debian and Ubuntu: the package debootstrap)");
  if (!/^[a-z][a-z0-9-]*$/.test(suite)) throw new CliError(`invalid suite ${JSON.stringify(suite)}`);
  const directory = mkdtempSync("/var/tmp/lighter-debian-");
  const root: DebianRoot = {
    tar: () => packTree(directory, { filter: keep }),
    [Symbol.asyncDispose]: () => removeRoot(directory),
  };
  const packages = include.length === 0 ? [] : [`--include=${include.join(",")}`];
  const child = Bun.spawn(
    [program, "--variant=minbase", ...packages, suite, directory, ...(mirror === "" ? [] : [mirror])],
    {
      env: { ...context.env, PATH: searchPath },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const lastLines = await showProgress(context, child.stdout);
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) === 0) return root;
  await removeRoot(directory);
  throw new CliError(`debootstrap ${suite} failed: ${errors.trim() || lastLines}`);
}

/** Progress goes to stderr; stdout carries the image's id. */
async function showProgress(context: Context, output: ReadableStream<Uint8Array>): Promise<string> {
  let last = "";
  for await (const bytes of output) {
    context.stderr.write(bytes);
    last = (last + Buffer.from(bytes).toString()).slice(-400);
  }
  return last.trim().split("\n").slice(-2).join("\n");
}

const emptied = [
  "var/cache/apt/archives",
  "var/cache/apt",
  "var/lib/apt/lists",
  "var/log",
  "dev",
  "proc",
  "sys",
  "run",
  "tmp",
  "debootstrap",
];

/** Directories of caches, logs and kernel file systems stay, without what is in them. */
function keep(path: string): "keep" | "prune" {
  const holder = emptied.find((directory) => path.startsWith(`${directory}/`));
  if (holder === undefined) return path === "debootstrap" ? "prune" : "keep";
  return path === "var/cache/apt/archives" ||
    path === "var/cache/apt/archives/partial" ||
    path === "var/lib/apt/lists/partial" ||
    path === "var/log/apt"
    ? "keep"
    : "prune";
}

/** debootstrap may leave /proc and /sys mounted when it fails: nothing beyond the directory's own file system is touched. */
async function removeRoot(directory: string): Promise<void> {
  for (const mount of ["proc", "sys"])
    await Bun.spawn(["umount", "-l", `${directory}/${mount}`], { stdout: "ignore", stderr: "ignore" }).exited;
  await Bun.spawn(["rm", "-rf", "--one-file-system", "--", directory]).exited;
}
