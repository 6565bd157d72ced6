/** System calls that older libraries do not know by name. Newer than the split tables: the number is the same everywhere. */
export const newCalls: Readonly<Record<string, number>> = {
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
};

const newest = Math.max(...Object.values(newCalls));
/** AUDIT_ARCH_… (linux/audit.h) by Node's name. */
const nativeArchitectures: Readonly<Record<string, number>> = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
  riscv64: 0xc00000f3,
};
/** Those of 32-bit programs beside them, where a profile is for these, too. */
const compatible: Readonly<Record<string, number>> = { SCMP_ARCH_X86: 0x40000003, SCMP_ARCH_ARM: 0x40000028 };
const enosys = 0x50026;
const x32 = 0x40000000;

/** Classic BPF (linux/filter.h): code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];
const [load, jumpEqual, jumpGreater, jumpGreaterOrEqual, answer] = [0x20, 0x15, 0x25, 0x35, 0x06] as const;

export interface NewCallRule {
  readonly number: number;
  /** SECCOMP_RET_… with its data. */
  readonly action: number;
}

/**
 * Puts before a filter what its library could not say: rules for new calls; and, where the filter
 * refuses by default, ENOSYS for calls that are newer than any profile knows, so that programs take their older way (libc
 * does, as with runc) in place of giving up at EPERM.
 */
export function prependNewCalls(
  program: Uint8Array,
  rules: readonly NewCallRule[],
  profile: { readonly refuses: boolean; readonly architectures: readonly string[] },
): Uint8Array {
  const native = nativeArchitectures[process.arch];
  if (native === undefined || (rules.length === 0 && !profile.refuses)) return program;
  const body: Instruction[] = [
    [load, 0, 0, 0],
    ...rules.flatMap(({ number, action }): Instruction[] => [
      [jumpEqual, 0, 1, number],
      [answer, 0, 0, action],
    ]),
    ...(profile.refuses ? beyond(newest) : []),
  ];
  const others = profile.architectures.flatMap((name) => compatible[name] ?? []);
  const prologue: readonly Instruction[] = [
    [load, 0, 0, 4],
    ...others.map((number, index): Instruction => [jumpEqual, others.length - index, 0, number]),
    [jumpEqual, 0, body.length, native],
    ...body,
  ];
  return Buffer.concat([...prologue.map(encode), program]);
}

function beyond(number: number): Instruction[] {
  return [
    [jumpGreaterOrEqual, 2, 0, x32],
    [jumpGreater, 0, 1, number],
    [answer, 0, 0, enosys],
  ];
}

function encode([code, jumpTrue, jumpFalse, operand]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpTrue, 2);
  bytes.writeUInt8(jumpFalse, 3);
  bytes.writeUInt32LE(operand, 4);
  return bytes;
}
