import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";

const script = resolve(import.meta.dirname, "../../scripts/start.sh");

describe.skipIf(process.getuid?.() !== 0)("npm start", () => {
  test("goes from nothing to a page and back", async () => {
    const child = Bun.spawn([script], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ code, errors: code === 0 ? "" : errors }).toEqual({ code: 0, errors: "" });
    for (const command of ["image bootstrap busybox", "build -t hello examples/hello", "logs hello", "rm hello"]) {
      expect(output).toContain(`$ lighter ${command}\n`);
    }
    expect(output).toContain("<p>Hello from a lighter, built on Linux");
    expect(output).toContain("nothing is left behind");
  }, 120_000);

  test("cleans up when it is interrupted", async () => {
    const child = Bun.spawn([script], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    let output = "";
    let asked = false;
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += chunk;
      if (asked || !output.includes("$ lighter build")) continue;
      asked = true;
      child.kill("SIGTERM");
    }
    expect(await child.stderr.text()).toContain("failed: interrupted by SIGTERM");
    expect(await child.exited).toBe(1);
    const bridge = /bridge (\S+),/.exec(output)?.[1];
    expect(bridge).toMatch(/^lt\d+-0b$/);
    const links = Bun.spawnSync(["ip", "-o", "link"]).stdout.toString();
    expect(links).not.toContain(`${bridge}:`);
    const tables = Bun.spawnSync(["nft", "list", "tables"]).stdout.toString();
    expect(tables).not.toContain(bridge?.replaceAll("-", "_"));
  }, 120_000);
});
