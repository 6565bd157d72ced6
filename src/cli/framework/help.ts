import { wrapText } from "#term";
import type { CommandNode } from "../tree.ts";
import type { Command } from "./command.ts";
import type { FlagSet } from "./flags.ts";

const defaultWidth = 80;

/** `lighter container rm`'s usage line. */
export function usageLine(path: string, command: Command): string {
  return `Usage:  ${path} ${command.usage}`.trimEnd();
}

export interface CommandHelp {
  readonly path: string;
  readonly summary: string;
  /** Every way to write the command; shown when there is more than one. */
  readonly spellings: readonly string[];
  readonly command: Command;
  readonly width?: number;
}

export function commandHelp({ path, summary, spellings, command, width = defaultWidth }: CommandHelp): string {
  const parts = [usageLine(path, command), "", summary];
  if (spellings.length > 1) parts.push("", "Aliases:", `  ${spellings.join(", ")}`);
  const flags = flagLines(command.flags, width);
  if (flags.length > 0) parts.push("", "Options:", ...flags);
  return `${parts.join("\n")}\n`;
}

export function groupHelp(path: string, summary: string, children: readonly CommandNode[]): string {
  const lines = commandLines(children.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  return [
    `Usage:  ${path} COMMAND`,
    "",
    summary,
    "",
    "Commands:",
    ...lines,
    "",
    `Run '${path} COMMAND --help' for more information on a command.`,
    "",
  ].join("\n");
}

export interface RootHelp {
  readonly common: readonly CommandNode[];
  readonly groups: readonly CommandNode[];
  readonly others: readonly CommandNode[];
  readonly flags: FlagSet;
  readonly width?: number;
}

export function rootHelp({ common, groups, others, flags, width = defaultWidth }: RootHelp): string {
  return [
    "Usage:  lighter [OPTIONS] COMMAND",
    "",
    "A container engine and image builder that speaks Docker's language",
    "",
    "Common Commands:",
    ...commandLines(common),
    "",
    "Management Commands:",
    ...commandLines(groups),
    "",
    "Commands:",
    ...commandLines(others),
    "",
    "Global Options:",
    ...flagLines(flags, width),
    "",
    "Run 'lighter COMMAND --help' for more information on a command.",
    "",
  ].join("\n");
}

function commandLines(nodes: readonly CommandNode[]): readonly string[] {
  const width = Math.max(...nodes.map(({ name }) => name.length), 11);
  return nodes.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`);
}

function flagLines(flags: FlagSet, width: number): readonly string[] {
  const shown = Object.entries(flags)
    .filter(([, spec]) => spec.hidden !== true)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => {
      const short = spec.short === undefined ? "      " : `  -${spec.short}, `;
      const text = spec.defaultText === undefined ? spec.help : `${spec.help} (default ${spec.defaultText})`;
      return { left: `${short}--${name}${spec.valueName === "" ? "" : ` ${spec.valueName}`}`, text };
    });
  const left = Math.max(...shown.map((flag) => flag.left.length), 0) + 3;
  return shown.flatMap((flag) =>
    wrapText(flag.text, Math.max(width - left, 24)).map((line, i) => (i === 0 ? flag.left : "").padEnd(left) + line),
  );
}
