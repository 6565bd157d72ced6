import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RuntimeBench } from "./testing.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("stdin and terminal of a task", () => {
  const bench = new RuntimeBench("crun");
  beforeAll(async () => void (await bench.open()));
  afterAll(async () => bench[Symbol.asyncDispose]());

  test("what is written before the start arrives; its end ends cat", async () => {
    const id = await bench.create({ Cmd: ["cat"], OpenStdin: true, StdinOnce: true });
    const stdin = bench.runtime.openStdin(id);
    await stdin.write(Buffer.from("hi\n"));
    stdin.end();
    await bench.runtime.start(id);
    expect((await bench.exit(id)).exitCode).toBe(0);
    expect(await bench.output(id)).toEqual({ stdout: "hi\n", stderr: "" });
  });

  test("without stdinOnce the stdin outlives one writer", async () => {
    const id = await bench.start({ Cmd: ["sh", "-c", "read a; echo one $a; read b; echo two $b"], OpenStdin: true });
    const first = bench.runtime.openStdin(id);
    await first.write(Buffer.from("x\n"));
    first.end();
    await bench.waitFor(id, "one x");
    const second = bench.runtime.openStdin(id);
    await second.write(Buffer.from("y\n"));
    expect((await bench.exit(id)).exitCode).toBe(0);
    expect((await bench.output(id)).stdout).toBe("one x\ntwo y\n");
    second.end();
  });

  test("a megabyte passes unchanged", async () => {
    const id = await bench.start({ Cmd: ["wc", "-c"], OpenStdin: true, StdinOnce: true });
    const stdin = bench.runtime.openStdin(id);
    for (let i = 0; i < 16; i++) await stdin.write(Buffer.alloc(65536, i));
    stdin.end();
    await bench.exit(id);
    expect((await bench.output(id)).stdout.trim()).toBe("1048576");
  });

  test("output goes on after stdin has ended", async () => {
    const id = await bench.start({ Cmd: ["sh", "-c", "cat; seq 1 5000"], OpenStdin: true, StdinOnce: true });
    const stdin = bench.runtime.openStdin(id);
    await stdin.write(Buffer.from("first\n"));
    stdin.end();
    await bench.exit(id);
    const { stdout } = await bench.output(id);
    expect(stdout.startsWith("first\n1\n")).toBe(true);
    expect(stdout.endsWith("\n5000\n")).toBe(true);
  });

  test("a terminal is resized, and Ctrl-C reaches its process", async () => {
    const script = "trap 'stty size' WINCH; trap 'echo int; exit 9' INT; echo ready; while :; do sleep 0.05; done";
    const id = await bench.start({ Cmd: ["sh", "-c", script], Tty: true, OpenStdin: true, StdinOnce: true });
    await bench.waitFor(id, "ready");
    bench.runtime.resize(id, { height: 33, width: 111 });
    await bench.waitFor(id, "33 111");
    const stdin = bench.runtime.openStdin(id);
    await stdin.write(Buffer.from([3]));
    expect((await bench.exit(id)).exitCode).toBe(9);
    stdin.end();
    expect(() => bench.runtime.resize(id, { height: 1, width: 1 })).toThrow("is not running");
    expect(() => bench.runtime.openStdin(id)).toThrow("is not running");
  });

  test("detaching from a terminal leaves it alone", async () => {
    const id = await bench.start({ Cmd: ["sh"], Tty: true, OpenStdin: true, StdinOnce: true });
    bench.runtime.openStdin(id).end();
    const again = bench.runtime.openStdin(id);
    await again.write(Buffer.from("echo $((40+2)); exit 8\n"));
    expect((await bench.exit(id)).exitCode).toBe(8);
    expect((await bench.output(id)).stdout).toContain("42");
    again.end();
  });
});
