import { mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { normalise } from "./normalise.ts";
import type { Lines } from "./case.ts";

/** A client and an engine. */
export interface Side {
  readonly name: string;
  /** Program that `docker` means. */
  readonly client: readonly string[];
  /** `unix://…` */
  readonly host: string;
  /** An engine of lighter, on which each client begins without the other's build cache. */
  readonly isOurs: boolean;
  /** Directory of this machine for the files of cases, and how the engine names it. */
  readonly share: string;
  readonly engineShare: string;
}

/** What a user sees of one line. */
export interface Seen {
  readonly line: string;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const image = "ltdiff";

/** Of a line, with all that it started. */
const limitSeconds = 30;

/** Runs the lines in a directory of their own; what is left of containers and images is removed. */
export async function runCase(side: Side, lines: Lines): Promise<readonly Seen[]> {
  const work = mkdtempSync(join(side.share, "w"));
  const seen: Seen[] = [];
  try {
    for (const line of lines) seen.push(await runLine(side, work, line));
  } finally {
    await removeLeft(side);
    Bun.spawnSync(["rm", "-rf", "--one-file-system", work]);
  }
  return seen;
}

async function runLine(side: Side, work: string, line: string): Promise<Seen> {
  const bind = side.engineShare + work.slice(side.share.length);
  const child = Bun.spawn(["timeout", "-s", "KILL", String(limitSeconds), "bash", "-c", line], {
    cwd: work,
    env: {
      PATH: `${clientDirectory(side)}:${process.env["PATH"] ?? ""}`,
      HOME: side.share,
      DOCKER_HOST: side.host,
      DOCKER_BUILDKIT: "0",
      IMAGE: image,
      WORK: work,
      BIND: bind,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const clean = (text: string): string =>
    normalise(text, { [work]: "$WORK", [bind]: "$WORK", [side.host]: "$HOST", lighter: "docker" });
  return { line, code, out: clean(out), err: clean(err) };
}

const directories = new Map<string, string>();

/** A directory in which `docker` is the side's client. */
function clientDirectory(side: Side): string {
  const known = directories.get(side.name);
  if (known !== undefined) return known;
  const directory = join(side.share, `bin-${side.name.replaceAll(" ", "-")}`);
  mkdirSync(directory, { recursive: true });
  const script = `#!/bin/sh\nexec ${side.client.map((word) => `'${word}'`).join(" ")} "$@"\n`;
  Bun.spawnSync(["rm", "-f", join(directory, "docker")]);
  if (side.client.length === 1) symlinkSync(side.client[0] ?? "", join(directory, "docker"));
  else Bun.spawnSync(["sh", "-c", 'printf %s "$2" >"$1" && chmod 755 "$1"', "sh", join(directory, "docker"), script]);
  const api = `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, "request.ts")}' "$@"\n`;
  Bun.spawnSync(["sh", "-c", 'printf %s "$2" >"$1" && chmod 755 "$1"', "sh", join(directory, "api"), api]);
  directories.set(side.name, directory);
  return directory;
}

interface Listed {
  readonly Id: string;
  readonly Image: string;
  readonly Names: readonly string[];
}

/** Containers of our image or with names of ours, and images tagged `ltdiff-…`: the engine may be somebody else's too. */
async function removeLeft(side: Side): Promise<void> {
  const containers = (await request(side, "GET", "/containers/json?all=1")) as readonly Listed[];
  const ancestor = encodeURIComponent(JSON.stringify({ ancestor: [image] }));
  const made = (await request(side, "GET", `/containers/json?all=1&filters=${ancestor}`)) as readonly Listed[];
  // Steps of builds that failed, too: they hold what the next client would find in the cache.
  const steps = new Set(made.map(({ Id }) => Id));
  const ours = containers.filter(
    ({ Id, Image, Names }) => Image.startsWith(image) || steps.has(Id) || Names.some((name) => name.startsWith("/dt")),
  );
  await Promise.all(ours.map(async ({ Id }) => request(side, "DELETE", `/containers/${Id}?force=1&v=1`)));
  const filters = encodeURIComponent(JSON.stringify({ reference: [`${image}-*`] }));
  const images = (await request(side, "GET", `/images/json?filters=${filters}`)) as readonly {
    RepoTags: readonly string[];
  }[];
  for (const { RepoTags } of images)
    for (const tag of RepoTags)
      if (tag.startsWith(`${image}-`)) await request(side, "DELETE", `/images/${tag}?force=1`);
  if (side.isOurs) await request(side, "POST", "/images/prune");
}

async function request(side: Side, method: string, path: string): Promise<unknown> {
  const response = await fetch(`http://engine/v1.44${path}`, { method, unix: side.host.slice("unix://".length) });
  const text = await response.text();
  return response.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text;
}
