import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check, cString, errno, EAGAIN, long } from "./libc.ts";
import { connectSeqpacket, sdNotify, withShortPath } from "./unix-socket.ts";

const libc = bindLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: long },
});
const [datagram, seqpacket, dontWait] = [2, 5, 0x40];

/** A socket of our own to talk to. */
function bindSocket(type: number, path: string): FileDescriptor {
  const server = new FileDescriptor(check(libc.socket(1, type, 0), "socket"));
  withShortPath(path, (short) => {
    const name = short.startsWith("@") ? Buffer.from(`\0${short.slice(1)}`) : cString(short);
    const address = Buffer.concat([Buffer.from([1, 0]), name]);
    check(libc.bind(server.fd, address, address.length), "bind", path);
  });
  if (type === seqpacket) check(libc.listen(server.fd, 1), "listen");
  return server;
}

function accept(server: FileDescriptor): FileDescriptor {
  return new FileDescriptor(check(libc.accept(server.fd, null, null), "accept"));
}

/** One packet; undefined when there is none. */
function receive(socket: FileDescriptor): Buffer | undefined {
  const buffer = Buffer.alloc(65536);
  const size = Number(libc.recv(socket.fd, buffer, buffer.length, dontWait));
  if (size < 0 && errno() === EAGAIN) return undefined;
  return buffer.subarray(0, check(size, "recv"));
}

let root: string;
/** Longer than sockaddr_un holds. */
let path: string;

beforeAll(() => {
  root = mkdtempSync("/tmp/lighter-socket-");
  path = `${root}/${"d".repeat(120)}/attach`;
  mkdirSync(dirname(path));
});
afterAll(() => {
  rmdirSync(dirname(path));
  rmdirSync(root);
});

describe("seqpacket client", () => {
  test("sends packets in order, then end-of-file, to a path longer than sockaddr_un holds", async () => {
    using server = bindSocket(seqpacket, path);
    using client = connectSeqpacket(path);
    using peer = accept(server);
    unlinkSync(path);
    const sends = [client.send(Buffer.from("one")), client.send(Buffer.alloc(10_000, "x")), client.shutdownWrite()];
    await Promise.all(sends);
    expect([receive(peer), receive(peer), receive(peer), receive(peer)].map((packet) => packet?.length)).toEqual([
      3, 8192, 1808, 0,
    ]);
  });

  test("waits while the peer does not read, and loses nothing", async () => {
    using server = bindSocket(seqpacket, path);
    using client = connectSeqpacket(path);
    using peer = accept(server);
    unlinkSync(path);
    const total = 4 << 20;
    let settled = false;
    const sending = client.send(Buffer.alloc(total, "y")).then(() => (settled = true));
    await Bun.sleep(0);
    expect(settled).toBe(false);
    let read = 0;
    while (read < total) {
      const packet = receive(peer);
      if (packet === undefined) await Bun.sleep(1);
      else read += packet.length;
    }
    await sending;
    expect(read).toBe(total);
  });

  test("learns that the peer has gone", async () => {
    using server = bindSocket(seqpacket, path);
    using client = connectSeqpacket(path);
    const peer = accept(server);
    unlinkSync(path);
    peer[Symbol.dispose]();
    await expect(client.send(Buffer.from("x"))).rejects.toThrow("broken pipe");
  });

  test("names a socket that is not there, or that nobody listens to", () => {
    expect(() => connectSeqpacket(path)).toThrow(`connect "${path}": no such file or directory`);
    bindSocket(seqpacket, path)[Symbol.dispose]();
    expect(() => connectSeqpacket(path)).toThrow("connection refused");
    unlinkSync(path);
  });
});

describe("sd_notify", () => {
  test.each(["path", "abstract"])("reaches a manager at an %s address", (kind) => {
    const address = kind === "path" ? `${root}/notify` : `@lighter-test-${process.pid}`;
    using manager = bindSocket(datagram, address);
    sdNotify(address, "READY=1\nSTATUS=ok");
    expect(receive(manager)?.toString()).toBe("READY=1\nSTATUS=ok");
    if (kind === "path") unlinkSync(address);
  });
});
