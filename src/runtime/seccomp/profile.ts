import type { OciSeccomp, OciSyscallRule } from "#spec";
import { defaultRules, type SyscallGroup } from "./rules.ts";

/** Go's name of the architecture → libseccomp's, with the ABIs that its kernel also runs. */
const architectures: Readonly<Record<string, readonly string[]>> = {
  amd64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  riscv64: ["SCMP_ARCH_RISCV64"],
};

const eperm = 1;
const profiles = new Map<string, OciSeccomp>();

/**
 * The default profile for a process with these capabilities. The same sets give the same object, so that a compiled
 * filter can be kept beside it.
 * @param architecture Go's name (`amd64`); an unknown one filters for the host's native ABI only
 */
export function seccompProfile(capabilities: readonly string[], architecture: string): OciSeccomp {
  const key = `${architecture} ${[...capabilities].sort().join(" ")}`;
  const known = profiles.get(key);
  if (known !== undefined) return known;
  const profile = buildProfile(new Set(capabilities), architecture);
  profiles.set(key, profile);
  return profile;
}

function buildProfile(capabilities: ReadonlySet<string>, architecture: string): OciSeccomp {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: eperm,
    architectures: architecturesOf(architecture),
    syscalls: defaultRules.filter((group) => applies(group, capabilities, architecture)).flatMap(rulesOf),
  };
}

export function architecturesOf(architecture: string): readonly string[] {
  return architectures[architecture] ?? [];
}

function applies(group: SyscallGroup, capabilities: ReadonlySet<string>, architecture: string): boolean {
  if (group.architectures !== undefined && !group.architectures.includes(architecture)) return false;
  if (group.withoutCapability !== undefined && capabilities.has(group.withoutCapability)) return false;
  return group.capabilities === undefined || group.capabilities.some((name) => capabilities.has(name));
}

/** Several values of one argument are several rules: rules are alternatives, conditions of one rule must all hold. */
function rulesOf(group: SyscallGroup): OciSyscallRule[] {
  const names = group.names.split(/\s+/);
  const { equals, below, withoutBits, errno } = group;
  if (equals !== undefined) {
    return equals.values.map((value) => allow(names, { index: equals.index, value, op: "SCMP_CMP_EQ" }));
  }
  if (below !== undefined) return [allow(names, { ...below, op: "SCMP_CMP_LT" })];
  if (withoutBits !== undefined) {
    const { index, mask } = withoutBits;
    return [allow(names, { index, value: mask, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" })];
  }
  return [errno === undefined ? allow(names) : { names, action: "SCMP_ACT_ERRNO", errnoRet: errno }];
}

type Condition = NonNullable<OciSyscallRule["args"]>[number];

function allow(names: readonly string[], condition?: Condition): OciSyscallRule {
  return { names, action: "SCMP_ACT_ALLOW", ...(condition === undefined ? {} : { args: [condition] }) };
}
