/**
 * Completes package-lock.json. Where a registry does not carry the builds of a tool for other platforms, npm leaves them out
 * of the lock, and `npm ci` then calls the lock out of sync. Their parents pin them by exact version, so each gets the entry
 * npm would write, without the integrity that only their files could tell. Run it after adding a package:
 * `bun scripts/complete-lock.ts`.
 */
import { join } from "node:path";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = join(import.meta.dirname, "../package-lock.json");
const lock = (await Bun.file(file).json()) as { packages: Record<string, LockEntry> };

let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[path] || !platform || !/^\d/.test(version)) continue;
    lock.packages[path] = { version, ...platform, dev: parent.dev ?? false, optional: true } as LockEntry;
    added++;
  }
}
const byPath = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
await Bun.write(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(byPath) }, null, 2)}\n`);
console.log(`package-lock.json: ${added} entries added`);

/** `@oxlint/binding-linux-arm64-musl` → linux, arm64, musl; undefined for a name that is no platform build. */
function platformOf(name: string): { cpu: string[]; libc?: string[]; os: string[] } | undefined {
  const match =
    /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/.exec(name);
  const [, os, cpu, abi = ""] = match ?? [];
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === "linux" ? [abi.startsWith("musl") ? "musl" : "glibc"] : undefined;
  return { cpu: [cpu], ...(libc && { libc }), os: [os] };
}
