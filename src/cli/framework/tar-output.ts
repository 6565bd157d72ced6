import { rename, unlink } from "node:fs/promises";
import { statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { StreamAnswer } from "#client";
import { CliError, type Context } from "./command.ts";

/**
 * Writes a tar to a file (by way of a hidden one beside it, so that a failure leaves nothing half written) or to stdout.
 * @throws CliError when stdout is a terminal
 */
export async function writeTar(
  context: Context,
  output: string,
  verb: "save" | "export",
  open: () => Promise<StreamAnswer>,
): Promise<void> {
  if (output === "") {
    if (context.stdout.isTty)
      throw new CliError(`cowardly refusing to save to a terminal. Use the -o flag or redirect`);
    const answer = await open();
    for await (const bytes of answer.body) await context.stdout.writeAsync(bytes);
    return;
  }
  const path = resolve(context.cwd, output);
  checkOutput(path, dirname(output), verb);
  const { body } = await open();
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, "", { mode: 0o600 });
  const writer = Bun.file(partial).writer();
  try {
    for await (const bytes of body) {
      void writer.write(bytes);
      await writer.flush();
    }
    await writer.end();
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

/** Before anything is asked for. @throws CliError with Docker's text */
function checkOutput(path: string, directory: string, verb: "save" | "export"): void {
  const failed = verb === "save" ? "failed to save image" : "failed to export container";
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new CliError(`${failed}: cannot write to a directory`);
  if (!statSync(dirname(path), { throwIfNoEntry: false }))
    throw new CliError(`${failed}: invalid output path: stat ${directory}: no such file or directory`);
}
