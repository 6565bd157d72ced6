import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { busyboxImage } from "./busybox.ts";
import { removeTestTree } from "./remove.ts";

/** A client that works without a pause until its daemon is gone, and remembers what the daemon acknowledged. */
export interface Hammer {
  /** Works in five lanes; settles when the daemon has gone away in all of them. @throws Error at an answer that is a failure */
  run(): Promise<void>;
  /** Names of images that must be there; `cat /proof` in each prints its name. */
  images(): ReadonlySet<string>;
  /** Names of containers that must be there, with a pattern of their states. */
  containers(): ReadonlyMap<string, string>;
  forget(): void;
}

interface Ledger {
  readonly images: Set<string>;
  readonly containers: Map<string, string>;
  /** Never the same name twice. */
  next(prefix: string): string;
}

/** The daemon's end of the connection is gone: the expected end of a lane. */
class Gone extends Error {}

export async function openHammer(socket: string): Promise<Hammer> {
  const image = await busyboxImage();
  const [base, context, archive] = [readFileSync(image.rootTar), buildContext(), await twoLayers(image.archive)];
  let number = 0;
  const ledger: Ledger = { images: new Set(), containers: new Map(), next: (prefix) => `${prefix}${number++}` };
  const call = (method: string, path: string, body?: Body): Promise<string> => request(socket, method, path, body);
  const lanes = [
    () => runAndRemove(call, ledger),
    () => createStartRemove(call, ledger),
    () => build(call, ledger, context),
    () => importAndRemove(call, ledger, base),
    () => loadAndRemove(call, archive),
  ];
  return {
    run: async () => void (await Promise.all(lanes.map((lane) => untilGone(lane)))),
    images: () => ledger.images,
    containers: () => ledger.containers,
    forget: () => {
      ledger.images.clear();
      ledger.containers.clear();
    },
  };
}

type Body = Uint8Array | Blob | object;
type Call = (method: string, path: string, body?: Body) => Promise<string>;

async function untilGone(lane: () => Promise<void>): Promise<void> {
  try {
    for (;;) await lane();
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

async function request(unix: string, method: string, path: string, body?: Body): Promise<string> {
  const isBinary = body instanceof Uint8Array || body instanceof Blob;
  const answer = await fetch(`http://engine/v1.44${path}`, {
    unix,
    method,
    ...(body !== undefined && { body: isBinary ? body : JSON.stringify(body) }),
    headers: { "content-type": isBinary ? "application/x-tar" : "application/json" },
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((error: unknown) => {
      throw new Gone(`${method} ${path}`, { cause: error });
    });
  if (answer.status < 400) return answer.text;
  throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
}

async function runAndRemove(call: Call, { next }: Ledger): Promise<void> {
  const name = next("once");
  const host = { AutoRemove: true };
  await call("POST", `/containers/create?name=${name}`, { Image: "busybox", Cmd: ["true"], HostConfig: host });
  const removed = call("POST", `/containers/${name}/wait?condition=removed`);
  removed.catch(() => undefined);
  await call("POST", `/containers/${name}/start`);
  await removed;
}

/** Every third stays. */
async function createStartRemove(call: Call, { next, containers }: Ledger): Promise<void> {
  const name = next("work");
  const config = {
    Image: "busybox",
    Cmd: ["sleep", "600"],
    Volumes: { "/data": {} },
    HostConfig: { Memory: 64 * 2 ** 20 },
  };
  await call("POST", `/containers/create?name=${name}`, config);
  containers.set(name, "(created|running|exited)");
  await call("POST", `/containers/${name}/start`);
  containers.set(name, "running");
  if (Number(name.slice(4)) % 3 === 0) return;
  containers.delete(name);
  await call("DELETE", `/containers/${name}?force=1&v=1`);
}

async function build(call: Call, { next, images }: Ledger, context: Blob): Promise<void> {
  const name = `${next("built")}:latest`;
  const args = encodeURIComponent(JSON.stringify({ NAME: name }));
  const output = await call("POST", `/build?t=${name}&rm=1&buildargs=${args}`, context);
  if (output.includes("Successfully tagged")) images.add(name);
  else if (/"error"/.test(output)) throw new Error(`build: ${output}`);
  else throw new Gone("build"); // the stream was cut
}

/** A root file system comes as an image and goes again. */
async function importAndRemove(call: Call, { next }: Ledger, base: Uint8Array): Promise<void> {
  const name = next("loaded");
  const output = await call("POST", `/images/create?fromSrc=-&repo=${name}&tag=latest`, base);
  if (/"error"/.test(output)) throw new Error(`import: ${output}`);
  if (!output.includes("sha256:")) throw new Gone("import");
  await call("GET", `/images/${name}/json`);
  await call("DELETE", `/images/${name}`);
}

/** An image with one layer that is there and one that is not comes as an archive and goes again. */
async function loadAndRemove(call: Call, archive: Uint8Array): Promise<void> {
  const output = await call("POST", "/images/load", archive);
  if (/"error"/.test(output)) throw new Error(`load: ${output}`);
  if (!output.includes("Loaded image")) throw new Gone("load");
  await call("GET", "/images/two-layers/json");
  await call("DELETE", "/images/two-layers");
}

/** The image of `archive` with a layer of 200 files above it, as `two-layers:latest`. */
async function twoLayers(archive: string): Promise<Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), "layers-"));
  const tar = (...args: string[]): void => {
    const { exitCode, stderr } = Bun.spawnSync(["tar", "-C", directory, ...args]);
    if (exitCode !== 0) throw new Error(`tar: ${stderr.toString()}`);
  };
  tar("-xf", archive);
  mkdirSync(join(directory, "files"));
  for (let at = 0; at < 200; at++) writeFileSync(join(directory, "files", String(at)), `${at}\n`.repeat(500));
  tar("-cf", join(directory, "second.tar"), "files");
  const [manifest] = (await Bun.file(join(directory, "manifest.json")).json()) as [
    { Config: string; Layers: string[] },
  ];
  const config = (await Bun.file(join(directory, manifest.Config)).json()) as { rootfs: { diff_ids: string[] } };
  const hex = new Bun.CryptoHasher("sha256").update(readFileSync(join(directory, "second.tar"))).digest("hex");
  const rootfs = { type: "layers", diff_ids: [...config.rootfs.diff_ids, `sha256:${hex}`] };
  writeFileSync(join(directory, "second.json"), JSON.stringify({ ...config, rootfs, history: undefined }));
  const entry = { Config: "second.json", RepoTags: ["two-layers:latest"], Layers: [...manifest.Layers, "second.tar"] };
  writeFileSync(join(directory, "manifest.json"), JSON.stringify([entry]));
  tar("-cf", join(directory, "whole.tar"), "manifest.json", "second.json", ...entry.Layers);
  const whole = readFileSync(join(directory, "whole.tar"));
  removeTestTree(directory);
  return whole;
}

function buildContext(): Blob {
  const directory = mkdtempSync(join(tmpdir(), "context-"));
  mkdirSync(join(directory, "tree"));
  writeFileSync(join(directory, "tree/file"), "content\n");
  const lines = ["FROM busybox", "ARG NAME", "COPY tree /tree", 'RUN echo "$NAME" > /proof', "ENV BUILT=1", ""];
  writeFileSync(join(directory, "Dockerfile"), lines.join("\n"));
  const { stdout } = Bun.spawnSync(["tar", "-C", directory, "-c", "."]);
  removeTestTree(directory);
  return new Blob([new Uint8Array(stdout)]);
}
