import { EngineError } from "#core";
import type { OciSeccomp, OciSyscallRule } from "#spec";
import * as v from "valibot";
import { architecturesOf } from "./profile.ts";

const conditions = v.looseObject({
  caps: v.nullish(v.array(v.string())),
  arches: v.nullish(v.array(v.string())),
  minKernel: v.nullish(v.string()),
});

const rule = v.looseObject({
  name: v.nullish(v.string()),
  names: v.nullish(v.array(v.string())),
  action: v.string(),
  errnoRet: v.nullish(v.number()),
  args: v.nullish(
    v.array(v.looseObject({ index: v.number(), value: v.number(), valueTwo: v.nullish(v.number()), op: v.string() })),
  ),
  includes: v.nullish(conditions),
  excludes: v.nullish(conditions),
});

/** A profile as Docker's `--security-opt seccomp=<file>` takes it; the client sends the file's text. */
const profile = v.looseObject({
  defaultAction: v.string(),
  defaultErrnoRet: v.nullish(v.number()),
  architectures: v.nullish(v.array(v.string())),
  archMap: v.nullish(
    v.array(v.looseObject({ architecture: v.string(), subArchitectures: v.nullish(v.array(v.string())) })),
  ),
  flags: v.nullish(v.array(v.string())),
  syscalls: v.nullish(v.array(rule)),
});

type Rule = v.InferOutput<typeof rule>;
type Conditions = v.InferOutput<typeof conditions>;

export interface ProfileContext {
  readonly capabilities: readonly string[];
  /** Go's name. */
  readonly architecture: string;
  readonly kernelVersion: string;
}

/** @throws EngineError `invalid` when the text is no profile */
export function parseSeccompProfile(text: string, context: ProfileContext): OciSeccomp {
  const parsed = parse(text);
  const native = architecturesOf(context.architecture);
  const mapped = parsed.archMap?.find(({ architecture }) => architecture === native[0]);
  const architectures =
    parsed.architectures ?? (mapped === undefined ? native : [mapped.architecture, ...(mapped.subArchitectures ?? [])]);
  return {
    defaultAction: parsed.defaultAction,
    ...(parsed.defaultErrnoRet == null ? {} : { defaultErrnoRet: parsed.defaultErrnoRet }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(parsed.flags == null ? {} : { flags: parsed.flags }),
    syscalls: (parsed.syscalls ?? []).filter((item) => applies(item, context)).map(toOci),
  };
}

function parse(text: string): v.InferOutput<typeof profile> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new EngineError("invalid", `decoding seccomp profile failed: ${String(error)}`, { cause: error });
  }
  const result = v.safeParse(profile, json);
  if (result.success) return result.output;
  throw new EngineError("invalid", `invalid seccomp profile: ${v.summarize(result.issues)}`);
}

function applies(item: Rule, context: ProfileContext): boolean {
  const { includes, excludes } = item;
  if (excludes != null && matchesAny(excludes, context)) return false;
  return includes == null || matchesAll(includes, context);
}

function matchesAny(c: Conditions, context: ProfileContext): boolean {
  if (c.arches?.includes(context.architecture) === true) return true;
  if (c.caps?.some((name) => context.capabilities.includes(name)) === true) return true;
  return c.minKernel != null && isKernelAtLeast(context.kernelVersion, c.minKernel);
}

function matchesAll(c: Conditions, context: ProfileContext): boolean {
  if (c.arches != null && c.arches.length > 0 && !c.arches.includes(context.architecture)) return false;
  if (c.caps?.every((name) => context.capabilities.includes(name)) === false) return false;
  return c.minKernel == null || c.minKernel === "" || isKernelAtLeast(context.kernelVersion, c.minKernel);
}

function isKernelAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function toOci(item: Rule): OciSyscallRule {
  return {
    names: item.names ?? (item.name == null ? [] : [item.name]),
    action: item.action,
    ...(item.errnoRet == null ? {} : { errnoRet: item.errnoRet }),
    ...(item.args == null || item.args.length === 0
      ? {}
      : {
          args: item.args.map(({ valueTwo, ...argument }) => ({
            ...argument,
            ...(valueTwo == null ? {} : { valueTwo }),
          })),
        }),
  };
}
