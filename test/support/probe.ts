import { chmodSync, writeFileSync } from "node:fs";

/**
 * Writes an x86-64 program that makes one system call with these arguments and ends with its errno (0: it was let through).
 * It runs in images that have nothing; `abi: "i386"` calls by `int 0x80`, as 32-bit programs do.
 */
export function writeProbe(
  path: string,
  call: { readonly number: number; readonly args?: readonly number[]; readonly abi?: "x86-64" | "i386" },
): void {
  const code = call.abi === "i386" ? codeI386(call.number, call.args ?? []) : code64(call.number, call.args ?? []);
  writeFileSync(path, elf(code));
  chmodSync(path, 0o755);
}

/** `mov eax, negated result; exit`: what both kinds end with. */
const end = [0xf7, 0xd8, 0x89, 0xc7, 0x85, 0xc0, 0x79, 0x02, 0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05];

function word(value: number): readonly number[] {
  return [...Buffer.from(Uint32Array.of(value >>> 0).buffer)];
}

/** mov of a 32-bit number to edi, esi, edx, r10d, r8d, r9d. */
const argument64 = [[0xbf], [0xbe], [0xba], [0x41, 0xba], [0x41, 0xb8], [0x41, 0xb9]] as const;

function code64(number: number, args: readonly number[]): readonly number[] {
  const moves = argument64.flatMap((move, index) => [...move, ...word(args[index] ?? 0)]);
  return [...moves, 0xb8, ...word(number), 0x0f, 0x05, ...end];
}

/** mov to ebx, ecx, edx, esi, edi. */
const argument32 = [0xbb, 0xb9, 0xba, 0xbe, 0xbf] as const;

function codeI386(number: number, args: readonly number[]): readonly number[] {
  const moves = argument32.flatMap((move, index) => [move, ...word(args[index] ?? 0)]);
  return [...moves, 0xb8, ...word(number), 0xcd, 0x80, ...end];
}

/** One segment that holds headers and code (elf(5)). */
function elf(code: readonly number[]): Buffer {
  const [base, header] = [0x400000n, 120];
  const file = Buffer.alloc(header + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(header), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program header
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // load
  file.writeUInt32LE(5, 68); // read, execute
  file.writeBigUInt64LE(base, 80);
  file.writeBigUInt64LE(base, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, header);
  return file;
}
