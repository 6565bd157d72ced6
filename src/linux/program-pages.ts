import { readFileSync, readlinkSync } from "node:fs";
import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });

/** madvise(2). */
const MADV_DONTNEED = 4;

/**
 * Takes the program's own code out of this process's memory; the page cache keeps it, and what runs next is mapped again
 * on first use, 64 KiB at a time, without a read of the disk. Only mappings that can never have been written to.
 * @returns bytes of address space released
 * @throws SyscallError
 */
export function releaseProgramText(): number {
  const program = readlinkSync("/proc/self/exe");
  const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
  return lines.filter((line) => line.endsWith(` ${program}`)).reduce((sum, line) => sum + release(line), 0);
}

function release(line: string): number {
  const match = /^([0-9a-f]+)-([0-9a-f]+) r-xp /.exec(line);
  if (!match) return 0;
  const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)];
  check(libc.madvise(start, end - start, MADV_DONTNEED), "madvise");
  return Number(end - start);
}
