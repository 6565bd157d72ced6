import { expect, test } from "bun:test";
import { goFileMode, goModeBits, hasGoMode } from "./path-stat.ts";

// st_mode as inode(7) has it, and what Docker 28 sends for such a file.
test.each([
  ["directory", 0o040755, 2147484141],
  ["set-uid directory", 0o044755, 2155872749],
  ["file", 0o100644, 420],
  ["symlink", 0o120777, 134218239],
  ["pipe", 0o010644, 33554852],
  ["socket", 0o140755, 2 ** 24 + 0o755],
  ["character device", 0o020666, 2 ** 26 + 2 ** 21 + 0o666],
  ["block device", 0o060660, 2 ** 26 + 0o660],
  ["set-gid and sticky directory", 0o043777, 2 ** 31 + 2 ** 22 + 2 ** 20 + 0o777],
] as const)("mode of a %s", (_name, mode, expected) => {
  expect(goFileMode(mode)).toBe(expected);
});

test("a bit is found, the highest too", () => {
  expect(hasGoMode(goFileMode(0o040755), goModeBits.directory)).toBe(true);
  expect(hasGoMode(goFileMode(0o040755), goModeBits.symlink)).toBe(false);
  expect(hasGoMode(goFileMode(0o120777), goModeBits.symlink)).toBe(true);
});
