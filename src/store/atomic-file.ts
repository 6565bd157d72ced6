import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

/** Replaces a file whole: write, fsync, rename, fsync of the directory. A reader sees the old bytes or the new ones. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}.tmp`;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  try {
    await using handle = await open(temporary, "wx", mode);
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}
