import { existsSync } from "node:fs";
import { EngineError } from "#core";

/** Decompressors of the host that the engine calls, by absolute path: never looked up, never from an image. */
const programs = { xz: "/usr/bin/xz", bzip2: "/usr/bin/bzip2" } as const;
const limits = { xz: ["--memlimit-decompress=256MiB"], bzip2: [] } as const;

/**
 * Undoes a compression with the host's own program, in a process with an empty environment.
 * @throws EngineError `unavailable` when the program is not installed; the stream fails with `invalid` for damaged data
 */
export function hostDecompress(
  kind: keyof typeof programs,
  input: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const program = programs[kind];
  if (!existsSync(program))
    throw new EngineError("unavailable", `${kind} archives need ${program}, which is not installed`);
  const child = Bun.spawn([program, ...limits[kind], "-dc"], {
    stdin: input,
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    cwd: "/",
  });
  const complaint = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      const code = await child.exited;
      if (code === 0) return controller.close();
      controller.error(
        new EngineError("invalid", `damaged ${kind} data: ${(await complaint).split("\n", 1)[0]?.slice(0, 200)}`),
      );
    },
    async cancel() {
      child.kill("SIGKILL");
      await child.exited;
    },
  });
}
