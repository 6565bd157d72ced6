import { accessSync, constants, readFileSync } from "node:fs";
import { packEntries, type TarInput } from "#archive";
import { CliError } from "../framework/command.ts";

/** A tar of a root with the host's static busybox, a link for each applet, and the few files that programs ask for. */
export function packBusybox(env: Readonly<Record<string, string | undefined>>): ReadableStream<Uint8Array> {
  const { path, bytes } = findBusybox(env);
  const applets = appletPaths(path).filter((applet) => applet !== "bin/busybox");
  const links = applets.map((applet): TarInput => ({
    header: { path: applet, type: "symlink", linkPath: "/bin/busybox", mode: 0o777 },
  }));
  const directories = new Map([
    ["bin", 0o755],
    ["dev", 0o755],
    ["etc", 0o755],
    ["home", 0o755],
    ["lib", 0o755],
    ["proc", 0o755],
    ["root", 0o700],
    ["sbin", 0o755],
    ["sys", 0o755],
    ["tmp", 0o1777],
    ["usr", 0o755],
    ["usr/bin", 0o755],
    ["usr/sbin", 0o755],
    ["var", 0o755],
    ["var/tmp", 0o1777],
  ]);
  for (const applet of applets) directories.set(applet.slice(0, applet.lastIndexOf("/")), 0o755);
  const entries: TarInput[] = [
    ...[...directories].map(([name, mode]): TarInput => ({ header: { path: name, type: "directory", mode } })),
    { header: { path: "bin/busybox", type: "file", mode: 0o755, size: bytes.length }, body: bytes },
    ...links,
    ...Object.entries(files).map(([name, text]): TarInput => ({
      header: { path: name, type: "file", mode: 0o644, size: text.length },
      body: text,
    })),
  ];
  return packEntries(entries.toSorted((a, b) => (a.header.path < b.header.path ? -1 : 1)));
}

const files: Readonly<Record<string, string>> = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  "etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n",
};

function findBusybox(env: Readonly<Record<string, string | undefined>>): { path: string; bytes: Buffer } {
  const directories = new Set([...(env["PATH"] ?? "").split(":"), "/bin", "/usr/bin", "/usr/local/bin"]);
  let dynamic: string | undefined;
  for (const directory of directories) {
    const path = `${directory}/busybox`;
    if (directory === "" || !isExecutable(path)) continue;
    const bytes = readFileSync(path);
    if (isStaticProgram(bytes)) return { path, bytes };
    dynamic = path;
  }
  const reason = dynamic === undefined ? "no busybox on this host" : `${dynamic} needs shared libraries`;
  throw new CliError(`${reason}: install a static one (Debian and Ubuntu: the package busybox-static)`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: either way the search goes on.
    return false;
  }
}

/** An ELF program without an interpreter (elf(5): no segment of type PT_INTERP). */
function isStaticProgram(bytes: Buffer): boolean {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return false;
  const is64 = bytes[4] === 2;
  const little = bytes[5] === 1;
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const table = is64 ? Number(little ? bytes.readBigUInt64LE(32) : bytes.readBigUInt64BE(32)) : u32(28);
  const size = u16(is64 ? 54 : 42);
  const count = u16(is64 ? 56 : 44);
  const interpreter = 3;
  for (let i = 0; i < count; i++) if (u32(table + i * size) === interpreter) return false;
  return true;
}

function appletPaths(busybox: string): readonly string[] {
  const { stdout, exitCode } = Bun.spawnSync([busybox, "--list-full"], { env: {} });
  if (exitCode !== 0) throw new CliError(`${busybox} --list-full failed with exit code ${exitCode}`);
  const lines = stdout
    .toString()
    .split("\n")
    .map((line) => line.trim().replace(/^\//, ""));
  return lines.filter((line) => line !== "").map((line) => (line.includes("/") ? line : `bin/${line}`));
}
