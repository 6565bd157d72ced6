import { dlopen, type Library, type Pointer } from "bun:ffi";
import { constants, openSync, readFileSync } from "node:fs";
import { endianness } from "node:os";
import { EngineError } from "#core";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check, cString, SyscallError } from "./libc.ts";
import { newCalls, prependNewCalls, type NewCallRule } from "./seccomp-new-calls.ts";

const symbols = {
  seccomp_init: { args: ["u32"], returns: "ptr" },
  seccomp_release: { args: ["ptr"], returns: "void" },
  seccomp_arch_resolve_name: { args: ["ptr"], returns: "u32" },
  seccomp_arch_add: { args: ["ptr", "u32"], returns: "i32" },
  seccomp_attr_set: { args: ["ptr", "i32", "u32"], returns: "i32" },
  seccomp_syscall_resolve_name: { args: ["ptr"], returns: "i32" },
  seccomp_rule_add_array: { args: ["ptr", "u32", "i32", "u32", "ptr"], returns: "i32" },
  seccomp_export_bpf: { args: ["ptr", "i32"], returns: "i32" },
} as const;
const libc = bindLibc({ memfd_create: { args: ["ptr", "u32"], returns: "i32" } });
type Seccomp = Library<typeof symbols>["symbols"];

/** `linux.seccomp` of the OCI runtime spec (config-linux.md), as far as a filter depends on it. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly syscalls?: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

export interface SeccompArgument {
  readonly index: number;
  readonly value: number | bigint;
  readonly valueTwo?: number | bigint;
  readonly op: string;
}

/** Values of `SCMP_ACT_…` (seccomp.h); ERRNO and TRACE carry a number in the low 16 bits. */
const actions: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const operators: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};
const eperm = 1;
const noSuchSyscall = -1;

/**
 * The profile as a BPF program for the kernel (struct sock_filter[]), by libseccomp. System calls that the library does
 * not know come from a table of ours; what neither knows is left out, as OCI runtimes do. Takes tens of milliseconds: once at start, not per container.
 * Undefined when libseccomp.so.2 is not installed or the profile notifies a supervisor.
 * @throws EngineError `invalid` for unknown actions, operators and architectures
 */
export function compileSeccompBpf(profile: SeccompProfile): Uint8Array | undefined {
  const library = loadLibrary();
  if (library === undefined || usesNotify(profile)) return undefined;
  const defaultAction = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const unknown: NewCallRule[] = [];
  using filter = new Filter(library, defaultAction);
  for (const name of profile.architectures ?? []) filter.addArchitecture(name);
  for (const rule of profile.syscalls ?? []) {
    const action = actionValue(rule.action, rule.errnoRet);
    if (action === defaultAction) continue;
    for (const name of rule.names) {
      if (filter.addRule(name, action, rule.args ?? [])) continue;
      const number = newCalls[name];
      if (number !== undefined && (rule.args ?? []).length === 0) unknown.push({ number, action });
    }
  }
  return prependNewCalls(filter.exportProgram(), unknown, {
    refuses: profile.defaultAction === "SCMP_ACT_ERRNO",
    architectures: profile.architectures ?? [],
  });
}

function loadLibrary(): Seccomp | undefined {
  try {
    return dlopen("libseccomp.so.2", symbols).symbols;
  } catch (error) {
    if (error instanceof Error && /open/i.test(error.message)) return undefined;
    throw error;
  }
}

function usesNotify(profile: SeccompProfile): boolean {
  return profile.syscalls?.some((rule) => rule.action === "SCMP_ACT_NOTIFY") === true;
}

function actionValue(name: string, errnoRet: number | undefined): number {
  const base = actions[name];
  if (base === undefined) throw new EngineError("invalid", `invalid seccomp action ${JSON.stringify(name)}`);
  const carries = name === "SCMP_ACT_ERRNO" || name === "SCMP_ACT_TRACE";
  return carries ? base + ((errnoRet ?? eperm) & 0xffff) : base;
}

/** A filter context of libseccomp. */
class Filter implements Disposable {
  readonly #library: Seccomp;
  readonly #context: Pointer;

  constructor(library: Seccomp, defaultAction: number) {
    const context = library.seccomp_init(defaultAction);
    if (context === null) throw new EngineError("invalid", `libseccomp refuses default action ${defaultAction}`);
    this.#library = library;
    this.#context = context as Pointer;
    const [noNewPrivileges, optimize, binaryTree] = [3, 8, 2];
    this.#check(library.seccomp_attr_set(this.#context, noNewPrivileges, 0), "no_new_privs");
    // Older libraries cannot sort the program; it is right without.
    library.seccomp_attr_set(this.#context, optimize, binaryTree);
  }

  /** @param name `SCMP_ARCH_X86_64` */
  addArchitecture(name: string): void {
    const token = this.#library.seccomp_arch_resolve_name(cString(name.replace(/^SCMP_ARCH_/, "").toLowerCase()));
    if (token === 0) throw new EngineError("invalid", `invalid seccomp architecture ${JSON.stringify(name)}`);
    const alreadyThere = -17;
    const result = this.#library.seccomp_arch_add(this.#context, token);
    if (result !== alreadyThere) this.#check(result, name);
  }

  /** False when the library does not know the call. */
  addRule(name: string, action: number, args: readonly SeccompArgument[]): boolean {
    const number = this.#library.seccomp_syscall_resolve_name(cString(name));
    if (number === noSuchSyscall) return false;
    for (const group of conditionGroups(args)) {
      const result = this.#library.seccomp_rule_add_array(
        this.#context,
        action,
        number,
        group.length,
        encodeConditions(group),
      );
      this.#check(result, name);
    }
    return true;
  }

  exportProgram(): Uint8Array {
    using file = new FileDescriptor(check(libc.memfd_create(cString("seccomp"), 1), "memfd_create"));
    this.#check(this.#library.seccomp_export_bpf(this.#context, file.fd), "export");
    using reader = new FileDescriptor(openSync(`/proc/self/fd/${file.fd}`, constants.O_RDONLY));
    return new Uint8Array(readFileSync(reader.fd));
  }

  [Symbol.dispose](): void {
    this.#library.seccomp_release(this.#context);
  }

  #check(result: number, subject: string): void {
    if (result < 0) throw new SyscallError("seccomp", -result, subject);
  }
}

/** All conditions of a rule must hold; but where two look at the same argument, each makes a rule of its own. */
function conditionGroups(args: readonly SeccompArgument[]): readonly (readonly SeccompArgument[])[] {
  const repeats = new Set(args.map(({ index }) => index)).size < args.length;
  return repeats ? args.map((argument) => [argument]) : [args];
}

/** struct scmp_arg_cmp[]: unsigned arg; enum op; u64 datum_a; u64 datum_b. */
function encodeConditions(args: readonly SeccompArgument[]): Buffer {
  if (endianness() !== "LE") throw new EngineError("not_implemented", "seccomp filters on a big-endian machine");
  const buffer = Buffer.alloc(Math.max(args.length, 1) * 24);
  for (const [position, argument] of args.entries()) {
    const operator = operators[argument.op];
    if (operator === undefined)
      throw new EngineError("invalid", `invalid seccomp operator ${JSON.stringify(argument.op)}`);
    buffer.writeUInt32LE(argument.index, position * 24);
    buffer.writeUInt32LE(operator, position * 24 + 4);
    buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(argument.value)), position * 24 + 8);
    buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(argument.valueTwo ?? 0)), position * 24 + 16);
  }
  return buffer;
}
