/** Command lines and what they print, as a golden file has them. */
export interface SessionEntry {
  /** As typed: `docker ps -a`. */
  readonly line: string;
  readonly out: string;
  readonly err: string;
  readonly code: number;
  /** What was asked of the engine other than to read. */
  readonly requests: readonly string[];
}

/**
 * The text of a golden file. Below the line: `| ` what went to stdout, `! ` to stderr, `> ` requests, `= ` the exit code when
 * it is not 0. A `\` at the end of a line says that no line break was written there.
 */
export function formatSession(entries: readonly SessionEntry[]): string {
  return entries.map(formatEntry).join("\n");
}

export function formatEntry({ line, out, err, code, requests }: SessionEntry): string {
  const parts = [`$ ${line}`, ...prefixed("|", out), ...prefixed("!", err), ...requests.map((text) => `> ${text}`)];
  if (code !== 0) parts.push(`= ${code}`);
  return `${parts.join("\n")}\n`;
}

function prefixed(mark: string, text: string): readonly string[] {
  if (text === "") return [];
  const whole = text.endsWith("\n");
  return (whole ? text.slice(0, -1) : `${text}\\`).split("\n").map((line) => (line === "" ? mark : `${mark} ${line}`));
}

/** The lines of a golden file with what follows each. */
export function parseSession(text: string): ReadonlyMap<string, string> {
  const blocks = text.split(/^(?=\$ )/m).filter((block) => block.startsWith("$ "));
  return new Map(blocks.map((block) => [/^\$ (.*)$/m.exec(block)?.[1] ?? "", `${block.replace(/\n+$/, "")}\n`]));
}

/** The words of a command line; quotes as in sh, nothing is expanded. */
export function splitWords(line: string): readonly string[] {
  const words = line.match(/(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
      (_, single?: string, double?: string) => single ?? (double ?? "").replace(/\\(["\\$`])/g, "$1"),
    ),
  );
}
