import { existsSync } from "node:fs";
import { EngineError } from "#core";
import { syncFs } from "./files.ts";

const program = "/usr/bin/sync";

/**
 * syncfs(2) of the file system that holds `path`, without holding up the event loop: it can take seconds after a large
 * write, so the host's `sync --file-system` waits in our place.
 * @throws EngineError `exhausted` or `internal` when something could not be written
 */
export async function syncFsAsync(path: string): Promise<void> {
  if (!path.startsWith("/")) throw new EngineError("invalid", `path ${JSON.stringify(path)} is not absolute`);
  if (!existsSync(program)) return syncFs(path);
  const child = Bun.spawn([program, "--file-system", path], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    cwd: "/",
    env: { LC_ALL: "C" },
  });
  const complaint = await new Response(child.stderr).text();
  if ((await child.exited) === 0) return;
  const code = complaint.includes("No space left") ? "exhausted" : "internal";
  throw new EngineError(code, `cannot write ${path} to disk: ${complaint.trim().slice(0, 200)}`);
}
