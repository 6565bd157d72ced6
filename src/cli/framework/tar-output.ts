import { rename, unlink } from "node:fs/promises";
import { resolve } from "node:path";
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
      throw new CliError(`cowardly refusing to ${verb} to a terminal. Use the -o flag or redirect`);
    const answer = await open();
    for await (const bytes of answer.body) await context.stdout.writeAsync(bytes);
    return;
  }
  const path = resolve(context.cwd, output);
  const { body } = await open();
  const partial = `${path}.partial-${process.pid}`;
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
