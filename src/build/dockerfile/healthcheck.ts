import { isEngineError, parseDuration } from "#core";
import type { HealthConfig } from "#spec";
import { parseCommandLine } from "./arguments.ts";
import { instructionError } from "./errors.ts";
import { parseFlags, type FlagValues } from "./flags.ts";
import type { HealthcheckInstruction } from "./instruction.ts";
import type { InstructionSource } from "./lines.ts";
import { isSpace, quote, trimStart } from "./text.ts";

const flags = {
  interval: "text",
  timeout: "text",
  "start-period": "text",
  "start-interval": "text",
  retries: "text",
} as const;

/** @throws EngineError `invalid` */
export function parseHealthcheck(source: InstructionSource): HealthcheckInstruction {
  const located = { line: source.line, endLine: source.endLine, text: source.text };
  return { kind: "HEALTHCHECK", ...located, health: parseHealth(source) };
}

function parseHealth(source: InstructionSource): HealthConfig {
  const { rest, line } = source;
  let end = 0;
  while (end < rest.length && !isSpace(rest.charAt(end))) end++;
  const type = rest.slice(0, end).toUpperCase();
  const command = parseCommandLine(trimStart(rest.slice(end)));
  if (type === "") throw instructionError(line, "HEALTHCHECK requires at least one argument");
  if (type === "NONE") {
    if (command.args.length > 0) throw instructionError(line, "HEALTHCHECK NONE takes no arguments");
    parseFlags(source.flags, flags, line);
    return { Test: ["NONE"] };
  }
  const values = parseFlags(source.flags, flags, line);
  if (type !== "CMD") throw instructionError(line, `Unknown type ${quote(type)} in HEALTHCHECK (try CMD)`);
  if (command.args.length === 0) throw instructionError(line, "Missing command after HEALTHCHECK CMD");
  return {
    Test: [command.form === "exec" ? "CMD" : "CMD-SHELL", ...command.args],
    ...timing(values, line),
  };
}

function timing(values: FlagValues, line: number): Omit<HealthConfig, "Test"> {
  const interval = parseInterval(values, "interval", line);
  const timeout = parseInterval(values, "timeout", line);
  const startPeriod = parseInterval(values, "start-period", line);
  const startInterval = parseInterval(values, "start-interval", line);
  const retries = parseRetries(values.text("retries") ?? "", line);
  return {
    ...(interval > 0 ? { Interval: interval } : {}),
    ...(timeout > 0 ? { Timeout: timeout } : {}),
    ...(startPeriod > 0 ? { StartPeriod: startPeriod } : {}),
    ...(startInterval > 0 ? { StartInterval: startInterval } : {}),
    ...(retries > 0 ? { Retries: retries } : {}),
  };
}

function parseInterval(values: FlagValues, name: string, line: number): number {
  const text = values.text(name) ?? "";
  if (text === "") return 0;
  const ns = durationOf(text, line);
  if (ns !== 0 && ns < 1e6) throw instructionError(line, `Interval ${quote(name)} cannot be less than 1ms`);
  return ns;
}

function durationOf(text: string, line: number): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (isEngineError(error, "invalid")) throw instructionError(line, error.message);
    throw error;
  }
}

function parseRetries(text: string, line: number): number {
  if (text === "") return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    throw instructionError(line, `strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  }
  const count = Number(text);
  if (count < 0) throw instructionError(line, `--retries cannot be negative (${count})`);
  if (count > 0x7fffffff) throw instructionError(line, `strconv.ParseInt: parsing ${quote(text)}: value out of range`);
  return count;
}
