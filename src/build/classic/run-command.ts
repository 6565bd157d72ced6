import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageRunConfig, MountSpec } from "#spec";
import { heredocBody, parseHeredocMark, type RunInstruction } from "../dockerfile/mod.ts";
import { resolveCommand } from "./metadata.ts";
import { createScratch } from "./scratch.ts";

/** A here-document that names its interpreter (`#!`): a file of its own in the container. */
export interface RunScript {
  readonly name: string;
  readonly content: string;
}

export interface RunCommand {
  readonly args: readonly string[];
  readonly script?: RunScript;
}

const scriptDirectory = "/dev/pipes";

/** A here-document that is the whole command is the script; any other is handed to the shell with the command. */
export function runCommand(config: ImageRunConfig, { command, heredocs }: RunInstruction): RunCommand {
  const [text = ""] = command.args;
  const [only] = heredocs;
  if (command.form === "exec" || !only) return { args: resolveCommand(config, command) };
  const inShell = (line: string): string[] => resolveCommand(config, { form: "shell", args: [line] });
  if (!parseHeredocMark(text)) {
    return { args: inShell([text, ...heredocs.map((heredoc) => heredoc.content + heredoc.name)].join("\n")) };
  }
  const content = heredocBody(only);
  if (!content.startsWith("#!") || only.name.includes("/")) return { args: inShell(content) };
  return { args: inShell(`${scriptDirectory}/${only.name}`), script: { name: only.name, content } };
}

/** Puts a script where the container can be given it, readable to every user; it goes with `undo`. */
export async function writeScript(scratch: string, script: RunScript, undo: AsyncDisposableStack): Promise<MountSpec> {
  const parent = undo.use(await createScratch(scratch, "script"));
  const directory = join(parent.path, "pipes");
  await mkdir(directory);
  await chmod(directory, 0o755);
  const path = join(directory, script.name);
  await writeFile(path, script.content);
  await chmod(path, 0o755);
  return { Type: "bind", Source: directory, Target: scriptDirectory, ReadOnly: true };
}
