import { describe, expect, test } from "bun:test";
import { compileSeccompBpf, type SeccompProfile } from "./seccomp.ts";

const [allow, errno1, errno38, killProcess] = [0x7fff0000, 0x50001, 0x50026, 0x80000000];
const x86 = 0xc000003e;
const numbers = { read: 0, write: 1, clone: 56, personality: 135 };

interface Call {
  readonly nr: number;
  readonly arch?: number;
  readonly args?: readonly bigint[];
}

/** What the kernel would answer: classic BPF (linux/filter.h) over struct seccomp_data. */
function run(program: Uint8Array, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.nr, 0);
  data.writeUInt32LE(call.arch ?? x86, 4);
  for (const [index, value] of (call.args ?? []).entries()) data.writeBigUInt64LE(value, 16 + index * 8);
  const code = Buffer.from(program);
  let accumulator = 0;
  for (let at = 0; at < code.length; at += 8) {
    const [op, jumpTrue, jumpFalse, k] = [
      code.readUInt16LE(at),
      code.readUInt8(at + 2),
      code.readUInt8(at + 3),
      code.readUInt32LE(at + 4),
    ];
    const jumps: Readonly<Record<number, boolean>> = {
      0x15: accumulator === k,
      0x25: accumulator > k,
      0x35: accumulator >= k,
      0x45: (accumulator & k) !== 0,
    };
    const taken = jumps[op];
    if (taken !== undefined) at += 8 * (taken ? jumpTrue : jumpFalse);
    else if (op === 0x05) at += 8 * k;
    else if (op === 0x20) accumulator = data.readUInt32LE(k);
    else if (op === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (op === 0x06) return k;
    else throw new Error(`unknown instruction ${op.toString(16)}`);
  }
  throw new Error("the program has no end");
}

function compile(profile: SeccompProfile): Uint8Array {
  const program = compileSeccompBpf(profile);
  if (program === undefined) throw new Error("libseccomp.so.2 is not installed");
  return program;
}

const profile: SeccompProfile = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [
    { names: ["read", "a_call_of_the_future"], action: "SCMP_ACT_ALLOW" },
    { names: ["write"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] },
    {
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    },
  ],
};

describe.skipIf(process.arch !== "x64")("seccomp filter", () => {
  test("answers each call as the profile says", () => {
    const program = compile(profile);
    expect(run(program, { nr: numbers.read })).toBe(allow);
    expect(run(program, { nr: numbers.write })).toBe(errno38);
    expect(run(program, { nr: 2 })).toBe(errno1);
  });

  test("calls newer than the library: allowed where the profile says so, not there where nobody can say", () => {
    const fresh = { ...profile, syscalls: [{ names: ["mseal", "read"], action: "SCMP_ACT_ALLOW" }] };
    const program = compile(fresh);
    expect(run(program, { nr: 462 })).toBe(allow);
    expect(run(program, { nr: 463 })).toBe(errno1);
    expect(run(program, { nr: 467 })).toBe(errno38);
    expect(run(program, { nr: 2 ** 31 - 1 })).not.toBe(allow);
    expect(run(program, { nr: 462, arch: 0x40000003 })).not.toBe(allow);
    const both = compile({ ...fresh, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] });
    expect(run(both, { nr: 462, arch: 0x40000003 })).toBe(allow);
    expect(run(both, { nr: 462 })).toBe(allow);
    expect(run(compile({ defaultAction: "SCMP_ACT_ALLOW" }), { nr: 467 })).toBe(allow);
  });

  test("looks at arguments", () => {
    const program = compile(profile);
    expect(run(program, { nr: numbers.personality, args: [8n] })).toBe(allow);
    expect(run(program, { nr: numbers.personality, args: [0x1_0000_0008n] })).toBe(errno1);
    expect(run(program, { nr: numbers.clone, args: [0x11n] })).toBe(allow);
    expect(run(program, { nr: numbers.clone, args: [0x10000000n] })).toBe(errno1); // CLONE_NEWUSER
  });

  test("kills callers of an architecture that it does not name", () => {
    expect([0, killProcess]).toContain(run(compile(profile), { nr: 0, arch: 0x40000003 }));
  });

  test("takes either of two conditions on one argument", () => {
    const either = [0, 8].map((value) => ({ index: 0, value, op: "SCMP_CMP_EQ" }));
    const rule = { names: ["personality"], action: "SCMP_ACT_ALLOW", args: either };
    const program = compile({ ...profile, syscalls: [rule] });
    const answers = [0n, 8n, 9n].map((value) => run(program, { nr: numbers.personality, args: [value] }));
    expect(answers).toEqual([allow, allow, errno1]);
  });

  test("refuses what it does not know", () => {
    expect(() => compileSeccompBpf({ defaultAction: "SCMP_ACT_MAYBE" })).toThrow(
      'invalid seccomp action "SCMP_ACT_MAYBE"',
    );
    expect(() => compileSeccompBpf({ ...profile, architectures: ["SCMP_ARCH_PDP11"] })).toThrow("SCMP_ARCH_PDP11");
    const rule = { names: ["read"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 1, op: "LIKE" }] };
    expect(() => compileSeccompBpf({ ...profile, syscalls: [rule] })).toThrow('invalid seccomp operator "LIKE"');
  });
});
