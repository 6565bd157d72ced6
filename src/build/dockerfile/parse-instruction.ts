import { parseCommandLine, parseList, parsePairs, parseStringArray, parseTransfer } from "./arguments.ts";
import { instructionError } from "./errors.ts";
import { parseFlags, type FlagKind, type FlagValues } from "./flags.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import type {
  AddInstruction,
  ArgInstruction,
  CopyInstruction,
  FromInstruction,
  Instruction,
  Located,
  OnbuildInstruction,
  RunInstruction,
  ShellInstruction,
  WordInstruction,
  WordsInstruction,
} from "./instruction.ts";
import type { InstructionSource } from "./lines.ts";
import { closest } from "./suggest.ts";
import { cutWord, quote, splitBlanks, trim } from "./text.ts";
import { splitWords } from "./words.ts";

type Parser = (source: InstructionSource, escape: string) => Instruction;

const parsers: Readonly<Record<string, Parser>> = {
  ADD: parseAdd,
  ARG: parseArg,
  CMD: (source) => ({ kind: "CMD", ...plain(source), command: parseCommandLine(source.rest) }),
  COPY: parseCopy,
  ENTRYPOINT: (source) => ({
    kind: "ENTRYPOINT",
    ...plain(source),
    command: parseCommandLine(source.rest),
  }),
  ENV: (source, escape) => ({
    kind: "ENV",
    ...plain(source),
    pairs: parsePairs(source, "ENV", escape),
  }),
  EXPOSE: (source) => parseWords(source, "EXPOSE", splitBlanks(source.rest)),
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: (source, escape) => ({
    kind: "LABEL",
    ...plain(source),
    pairs: parsePairs(source, "LABEL", escape),
  }),
  MAINTAINER: (source) => parseWord(source, "MAINTAINER"),
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: (source) => parseWord(source, "STOPSIGNAL"),
  USER: (source) => parseWord(source, "USER"),
  VOLUME: parseVolume,
  WORKDIR: (source) => parseWord(source, "WORKDIR"),
};

/** Gives an instruction its type. @throws EngineError `invalid` with the line */
export function parseInstruction(source: InstructionSource, escape: string): Instruction {
  const keyword = source.keyword.toUpperCase();
  const parser = Object.hasOwn(parsers, keyword) ? parsers[keyword] : undefined;
  if (parser) return parser(source, escape);
  const hint = closest(source.keyword, Object.keys(parsers));
  throw instructionError(source.line, `unknown instruction: ${source.keyword}${hint}`);
}

function locate(source: InstructionSource): Located {
  return { line: source.line, endLine: source.endLine, text: source.text };
}

/** An instruction without flags. */
function plain(source: InstructionSource): Located {
  parseFlags(source.flags, {}, source.line);
  return locate(source);
}

function parseWord(source: InstructionSource, kind: WordInstruction["kind"]): WordInstruction {
  if (source.rest === "") throw instructionError(source.line, `${kind} requires exactly one argument`);
  return { kind, ...plain(source), word: source.rest };
}

function parseWords(
  source: InstructionSource,
  kind: WordsInstruction["kind"],
  words: readonly string[],
): WordsInstruction {
  if (words.length === 0) throw instructionError(source.line, `${kind} requires at least one argument`);
  return { kind, ...plain(source), words };
}

function parseVolume(source: InstructionSource): WordsInstruction {
  const words = parseList(source.rest).map(trim);
  if (words.includes("")) throw instructionError(source.line, "VOLUME specified can not be an empty string");
  return parseWords(source, "VOLUME", words);
}

function parseFrom(source: InstructionSource): FromInstruction {
  const flags = parseFlags(source.flags, { platform: "text" }, source.line);
  const [base, as, name] = splitBlanks(source.rest);
  const count = splitBlanks(source.rest).length;
  if (base === undefined || (count !== 1 && (count !== 3 || as?.toLowerCase() !== "as"))) {
    throw instructionError(source.line, "FROM requires either one or three arguments");
  }
  const platform = flags.text("platform");
  return {
    kind: "FROM",
    ...locate(source),
    base,
    ...(name === undefined ? {} : { stageName: parseStageName(name, source.line) }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function parseStageName(text: string, line: number): string {
  const name = text.toLowerCase();
  if (/^[a-z][a-z0-9-_.]*$/.test(name)) return name;
  const reason = "name can't start with a number or contain symbols";
  throw instructionError(line, `invalid name for build stage: ${quote(text)}, ${reason}`);
}

function parseRun(source: InstructionSource): RunInstruction {
  const known = { mount: "many", network: "text", security: "text", device: "many" } as const;
  const flags = parseFlags(source.flags, known, source.line);
  return {
    kind: "RUN",
    ...locate(source),
    command: parseCommandLine(source.rest),
    heredocs: source.heredocs,
    mounts: flags.many("mount").map((text) => ({ text })),
    devices: flags.many("device"),
    ...optional("network", oneOf(flags, "network", ["default", "none", "host"], source.line)),
    ...optional("security", oneOf(flags, "security", ["sandbox", "insecure"], source.line)),
  };
}

function oneOf(flags: FlagValues, name: string, allowed: readonly string[], line: number): string | undefined {
  const value = flags.text(name);
  if (value === undefined || allowed.includes(value)) return value;
  throw instructionError(line, `${name} ${quote(value)} is not supported${closest(value, allowed)}`);
}

function optional<K extends string>(name: K, value: string | undefined): { readonly [key in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in K]?: string };
}

const transferFlags = {
  chown: "text",
  chmod: "text",
  link: "bool",
  exclude: "many",
} as const satisfies Record<string, FlagKind>;

function parseCopy(source: InstructionSource): CopyInstruction {
  const transfer = parseTransfer(source, "COPY");
  const flags = parseFlags(source.flags, { ...transferFlags, from: "text", parents: "bool" }, source.line);
  return {
    kind: "COPY",
    ...locate(source),
    ...transfer,
    ...transferOptions(flags),
    ...optional("from", flags.text("from")),
    parents: flags.bool("parents") ?? false,
  };
}

function parseAdd(source: InstructionSource): AddInstruction {
  const transfer = parseTransfer(source, "ADD");
  const known = {
    ...transferFlags,
    checksum: "text",
    "keep-git-dir": "bool",
    unpack: "bool",
  } as const;
  const flags = parseFlags(source.flags, known, source.line);
  const unpack = flags.bool("unpack");
  return {
    kind: "ADD",
    ...locate(source),
    ...transfer,
    ...transferOptions(flags),
    ...optional("checksum", flags.text("checksum")),
    keepGitDir: flags.bool("keep-git-dir") ?? false,
    ...(unpack === undefined ? {} : { unpack }),
  };
}

function transferOptions(flags: FlagValues): Pick<CopyInstruction, "chown" | "chmod" | "link" | "excludes"> {
  return {
    ...optional("chown", flags.text("chown")),
    ...optional("chmod", flags.text("chmod")),
    link: flags.bool("link") ?? false,
    excludes: flags.many("exclude"),
  };
}

function parseArg(source: InstructionSource, escape: string): ArgInstruction {
  const words = splitWords(source.rest, escape);
  if (words.length === 0) throw instructionError(source.line, "ARG requires at least one argument");
  const args = words.map((word) => {
    const at = word.indexOf("=");
    if (at === 0) throw instructionError(source.line, "ARG names can not be blank");
    return at < 0 ? { name: word } : { name: word.slice(0, at), value: word.slice(at + 1) };
  });
  return { kind: "ARG", ...plain(source), args };
}

function parseShell(source: InstructionSource): ShellInstruction {
  const shell = parseStringArray(source.rest);
  if (source.rest === "" || shell?.length === 0)
    throw instructionError(source.line, "SHELL requires at least one argument");
  if (!shell) throw instructionError(source.line, "SHELL requires the arguments to be in JSON form");
  return { kind: "SHELL", ...plain(source), shell };
}

function parseOnbuild(source: InstructionSource): OnbuildInstruction {
  const located = plain(source);
  const keyword = cutWord(source.rest).word.toUpperCase();
  if (keyword === "") throw instructionError(source.line, "ONBUILD requires at least one argument");
  if (keyword === "ONBUILD")
    throw instructionError(source.line, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (keyword === "MAINTAINER" || keyword === "FROM") {
    throw instructionError(source.line, `${keyword} isn't allowed as an ONBUILD trigger`);
  }
  const bodies = source.heredocs.map((heredoc) => `\n${heredoc.content}${heredoc.name}`);
  return { kind: "ONBUILD", ...located, trigger: [source.rest, ...bodies].join("") };
}
