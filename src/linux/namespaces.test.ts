import { describe, expect, test } from "bun:test";
import { mkdtempSync, readlinkSync, rmdirSync } from "node:fs";
import { addDefaultRoute, deleteLink, getLink, openRouteSocket } from "./mod.ts";
import { MessageWriter, parseAttributes, parseMessages } from "./netlink/message.ts";
import {
  createNetworkNamespace,
  inNetworkNamespace,
  openNetworkNamespace,
  removeNetworkNamespace,
} from "./network-namespace.ts";

const door = `${import.meta.dir}/mod.ts`;
const show = [
  "/bin/busybox",
  "sh",
  "-c",
  'readlink /proc/self/ns/mnt; echo "$GREETING"; grep -c " $0 " /proc/self/mountinfo; cat',
];

/** Runs a program of a few lines in a process of its own: it will not come back. */
function start(script: string): Bun.Subprocess<"pipe", "pipe", "inherit"> {
  return Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
}

async function firstLines(child: Bun.Subprocess<"pipe", "pipe", "inherit">, count: number): Promise<string[]> {
  let text = "";
  for await (const chunk of child.stdout) {
    text += Buffer.from(chunk).toString();
    if (text.split("\n").length > count) break;
  }
  return text.split("\n").slice(0, count);
}

describe.skipIf(process.getuid?.() !== 0)("mount namespaces", () => {
  test("are unshared, joined by another process, and both continue as another program", async () => {
    const root = mkdtempSync("/tmp/lighter-namespace-");
    const program = (enter: string): string =>
      `const l = await import(${JSON.stringify(door)}); ${enter};
       l.execve("/bin/busybox", ${JSON.stringify([...show.slice(0, 4), root])}.map((a, i) => i === 0 ? "busybox" : a), { GREETING: "hé llo" });`;
    const first = start(program(`l.unshareMountNamespace(); l.mountTmpfs(${JSON.stringify(root)})`));
    const [namespace, greeting, mounts] = await firstLines(first, 3);
    expect([greeting, mounts]).toEqual(["hé llo", "1"]);
    expect(namespace).not.toBe(readlinkSync("/proc/self/ns/mnt"));
    const second = start(program(`l.joinMountNamespace(${first.pid})`));
    expect(await firstLines(second, 3)).toEqual([namespace ?? "", "hé llo", "1"]);
    for (const child of [first, second]) child.kill("SIGKILL");
    await Promise.all([first.exited, second.exited]);
    rmdirSync(root);
  });

  test("a program that does not exist is an error and changes nothing", async () => {
    const script = `const l = await import(${JSON.stringify(door)});
      try { l.execve("/absent", ["a"], {}) } catch (error) { process.stdout.write(error.code + " " + error.message + "\\n") }`;
    const child = start(script);
    expect(await firstLines(child, 1)).toEqual(['not_found execve "/absent": no such file or directory']);
    await child.exited;
  });
});

describe.skipIf(process.getuid?.() !== 0)("network namespaces", () => {
  test("a task that throws inside comes back to the namespace it left", () => {
    const root = mkdtempSync("/tmp/lighter-netns-");
    const home = readlinkSync("/proc/thread-self/ns/net");
    const path = `${root}/ns`;
    createNetworkNamespace(path, { ipv6: false });
    {
      using namespace = openNetworkNamespace(path);
      const inside = inNetworkNamespace(namespace.fd, () => readlinkSync("/proc/thread-self/ns/net"));
      expect(inside).not.toBe(home);
      const failing = (): never => {
        throw new Error("from inside");
      };
      expect(() => inNetworkNamespace(namespace.fd, failing)).toThrow("from inside");
      expect(getLink(namespace.routes, "lo")?.up).toBe(true);
      expect(() => addDefaultRoute(namespace.routes, { index: 1, gateway: "10.9.9.9" })).toThrow(
        /add default route by 10.9.9.9.*: network is unreachable/,
      );
      expect(() => addDefaultRoute(namespace.routes, { index: 1, gateway: "10.9.9" })).toThrow(
        'invalid address "10.9.9"',
      );
    }
    expect(readlinkSync("/proc/thread-self/ns/net")).toBe(home);
    removeNetworkNamespace(path);
    expect(() => openNetworkNamespace(path)).toThrow("ENOENT");
    rmdirSync(root);
  });

  test("creating one where no file can be leaves the thread at home", () => {
    const home = readlinkSync("/proc/thread-self/ns/net");
    expect(() => createNetworkNamespace("/proc/absent/ns", { ipv6: false })).toThrow("ENOENT");
    expect(readlinkSync("/proc/thread-self/ns/net")).toBe(home);
  });

  test("interfaces that do not exist are no error", () => {
    using routes = openRouteSocket();
    expect(getLink(routes, "lt-absent")).toBeUndefined();
    expect(deleteLink(routes, "lt-absent")).toBe(false);
  });
});

describe("netlink messages", () => {
  test("attributes survive the way there and back, nested ones too", () => {
    const body = new MessageWriter().string(3, "eth0").u32(4, 0xfffffffe);
    body.nested(18, (inner) => inner.u8(1, 7).attribute(2, Buffer.alloc(300, 9)));
    const outer = parseAttributes(body.bytes());
    expect(outer.get(3)?.toString()).toBe("eth0\0");
    expect(outer.get(4)?.readUInt32LE(0)).toBe(0xfffffffe);
    const inner = parseAttributes(outer.get(18) ?? Buffer.alloc(0));
    expect(inner.get(1)?.[0]).toBe(7);
    expect(inner.get(2)).toEqual(Buffer.alloc(300, 9));
  });

  test.each([
    ["too long", [32, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
    ["shorter than a header", [4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
  ])("lengths that are %s are refused", (_, bytes) => {
    expect(() => parseMessages(Buffer.from(bytes))).toThrow("leads outside of its buffer");
    expect(() => parseAttributes(Buffer.from([bytes[0] === 4 ? 2 : 99, 0, 1, 0]))).toThrow(
      "leads outside of its buffer",
    );
  });
});
