import { EngineError } from "#core";

/** Gives the mode that an entry gets from --chmod. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const classes: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const bits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };

/** Octal (at most 07777), or symbolic as chmod(1) has it (`u=rwX,go=rX`). @throws EngineError `invalid` */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(",").map((clause) => /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause));
  if (clauses.some((clause) => clause === null)) {
    throw new EngineError(
      "invalid",
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    );
  }
  return (mode, isDirectory) => clauses.reduce((now, clause) => applyClause(clause ?? [], now, isDirectory), mode);
}

function applyClause(clause: readonly string[], mode: number, isDirectory: boolean): number {
  const [, who = "", operator = "=", what = ""] = clause;
  const mask = Array.from(who === "" ? "a" : who).reduce((sum, name) => sum | (classes[name] ?? 0), 0);
  const value = Array.from(what).reduce((sum, name) => sum | permission(name, mode, isDirectory), 0) & mask;
  if (operator === "+") return mode | value;
  return operator === "-" ? mode & ~value : (mode & ~mask) | value;
}

function permission(name: string, mode: number, isDirectory: boolean): number {
  if (name === "X") return isDirectory || (mode & 0o111) !== 0 ? 0o111 : 0;
  if (name === "s") return 0o6000;
  return name === "t" ? 0o1000 : (bits[name] ?? 0);
}
