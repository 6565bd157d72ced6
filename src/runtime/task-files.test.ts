import { expect, test } from "bun:test";
import type { OciProcess } from "#spec";
import { encodeOci } from "./task-files.ts";

const most = Number.MAX_SAFE_INTEGER;
const process: OciProcess = { cwd: "/", args: ["true"], env: [], user: { uid: 0, gid: 0 } };

test("no limit of an rlimit is 2^64 - 1", () => {
  const text = encodeOci({ ...process, rlimits: [{ type: "RLIMIT_CORE", soft: most, hard: most }] });
  expect(text).toContain('"soft":18446744073709551615,"hard":18446744073709551615}');
});

test.each([`X=:${most}`, `X={"soft":${most},"hard":${most}}`, `"soft":${most},`, `soft":${most}}`])(
  "what a user wrote stays: %s",
  (entry) => {
    const text = encodeOci({ ...process, args: [entry], env: [entry] });
    expect(JSON.parse(text)).toMatchObject({ args: [entry], env: [entry] });
  },
);
