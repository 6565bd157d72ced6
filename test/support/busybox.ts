import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  copyFileSync,
  chmodSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { removeTestTree } from "./remove.ts";
import { tag } from "./tag.ts";

/** Files made once per version of this machine's busybox and kept in `.cache`, because each test that needs an image needs them. */
export interface BusyboxImage {
  /** A root file system, for `import`. */
  readonly rootTar: string;
  /** `docker save` layout with the tag `busybox:latest`, for `load`. */
  readonly archive: string;
  /** `sha256:…` of the config. */
  readonly imageId: string;
}

const cache = resolve(import.meta.dirname, "../../.cache/test");

/** @throws Error when there is no statically linked /bin/busybox */
export async function busyboxImage(): Promise<BusyboxImage> {
  const { size, mtimeMs } = statSync("/bin/busybox");
  const directory = join(cache, `busybox-1-${size}-${Math.trunc(mtimeMs)}`);
  const manifest = join(directory, "image.json");
  if (!existsSync(manifest)) await make(directory);
  const { imageId } = (await Bun.file(manifest).json()) as { imageId: string };
  return { rootTar: join(directory, "root.tar"), archive: join(directory, "image.tar"), imageId };
}

/** Renamed into place whole, so that test processes that race all find one that is complete. */
async function make(directory: string): Promise<void> {
  const scratch = mkdtempSync(`/tmp/${tag}busybox-`);
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, "staging-"));
  try {
    makeRoot(join(scratch, "root"));
    tar(join(scratch, "root"), join(staging, "root.tar"));
    const imageId = await makeArchive(join(scratch, "image"), join(staging, "root.tar"));
    tar(join(scratch, "image"), join(staging, "image.tar"));
    writeFileSync(join(staging, "image.json"), JSON.stringify({ imageId }));
    try {
      renameSync(staging, directory);
    } catch (error) {
      if (!existsSync(join(directory, "image.json"))) throw error;
    }
  } finally {
    removeTestTree(scratch);
  }
}

const passwd =
  "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n";
const group = "root:x:0:\ndaemon:x:1:\nadm:x:4:daemon\nnogroup:x:65534:\n";

function makeRoot(root: string): void {
  for (const name of [
    "bin",
    "dev",
    "etc",
    "home",
    "proc",
    "root",
    "sys",
    "tmp",
    "usr/bin",
    "usr/sbin",
    "sbin",
    "var",
  ]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  chmodSync(join(root, "tmp"), 0o1777);
  chmodSync(join(root, "root"), 0o700);
  writeFileSync(join(root, "etc/passwd"), passwd);
  writeFileSync(join(root, "etc/group"), group);
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  const applets = run(["/bin/busybox", "--list-full"]).split("\n");
  for (const applet of applets.filter((path) => path !== "" && path !== "bin/busybox")) {
    mkdirSync(dirname(join(root, applet)), { recursive: true });
    symlinkSync("/bin/busybox", join(root, applet));
  }
}

/** The layout `docker save` wrote before OCI; every engine loads it. */
async function makeArchive(directory: string, layer: string): Promise<string> {
  const diffId = await sha256(layer);
  mkdirSync(directory);
  copyFileSync(layer, join(directory, "layer.tar"));
  const config = JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] },
    history: [{ created: "2026-01-01T00:00:00Z", created_by: "busybox-static" }],
  });
  const id = new Bun.CryptoHasher("sha256").update(config).digest("hex");
  writeFileSync(join(directory, `${id}.json`), config);
  const manifest = [{ Config: `${id}.json`, RepoTags: ["busybox:latest"], Layers: ["layer.tar"] }];
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
  return `sha256:${id}`;
}

async function sha256(file: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(file).bytes()).digest("hex");
}

/** The same tree always gives the same bytes. */
function tar(directory: string, file: string): void {
  const stable = ["--sort=name", "--mtime=@1767225600", "--owner=0", "--group=0", "--numeric-owner", "--format=posix"];
  run(["tar", ...stable, "--pax-option=delete=atime,delete=ctime", "-C", directory, "-cf", file, "."]);
}

function run(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
