import { describe, expect, test } from "bun:test";

describe.skipIf(process.getuid?.() !== 0)("bridge driver", () => {
  test("passes its suite in a network namespace that stands for the host", async () => {
    const command = [
      "unshare",
      "--net",
      "--mount",
      process.execPath,
      "test",
      "./src/network/bridge/driver-suite.test.ts",
    ];
    const child = Bun.spawn(command, {
      cwd: `${import.meta.dir}/../..`,
      env: { ...process.env, LIGHTER_TEST_ISOLATED: "1" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [report, code] = await Promise.all([child.stderr.text(), child.exited]);
    expect(code === 0 ? "" : report).toBe("");
    expect(report).toMatch(/\b0 fail\b/);
    expect(Number(/(\d+) pass/.exec(report)?.[1])).toBeGreaterThan(15);
  }, 60_000);
});
