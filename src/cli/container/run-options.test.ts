import { describe, expect, test } from "bun:test";
import { DetachFilter, parseDetachKeys } from "./detach-keys.ts";
import { parseMount, parseVolumes } from "./mounts.ts";
import { parsePorts } from "./ports.ts";
import { parseRestart } from "./resources.ts";
import { readEnvironment } from "./text-files.ts";
import { parseUlimit } from "./ulimit.ts";

describe("--publish", () => {
  test.each([
    ["80", { "80/tcp": [{ HostIp: "", HostPort: "" }] }],
    ["8080:80/udp", { "80/udp": [{ HostIp: "", HostPort: "8080" }] }],
    ["127.0.0.1::80", { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] }],
    ["127.0.0.1:1:2", { "2/tcp": [{ HostIp: "127.0.0.1", HostPort: "1" }] }],
    ["[::1]:1:2", { "2/tcp": [{ HostIp: "::1", HostPort: "1" }] }],
    ["8000-8001:80-81", { "80/tcp": [{ HostIp: "", HostPort: "8000" }], "81/tcp": [{ HostIp: "", HostPort: "8001" }] }],
    ["8000-8009:80", { "80/tcp": [{ HostIp: "", HostPort: "8000-8009" }] }],
    ["target=80,published=8080,protocol=udp", { "80/udp": [{ HostIp: "", HostPort: "8080" }] }],
  ])("%s", (text, bindings) => {
    expect(parsePorts([text], []).bindings).toEqual(bindings);
  });

  test.each(["99999:80", "a", "1:2:3:4:5", "80/foo", "1-3:1-2", ":"])("%s is refused", (text) => {
    expect(() => parsePorts([text], [])).toThrow(/invalid|no port/);
  });

  test("--expose takes ranges and a protocol", () => {
    expect(Object.keys(parsePorts([], ["1-2/udp", "5"]).exposed)).toEqual(["1/udp", "2/udp", "5/tcp"]);
  });
});

describe("--mount and --volume", () => {
  test("a mount of each kind", () => {
    expect(parseMount("type=bind,src=./x,dst=/y,ro,bind-propagation=rslave", "/w")).toEqual({
      Type: "bind",
      Source: "/w/x",
      Target: "/y",
      ReadOnly: true,
      BindOptions: { Propagation: "rslave" },
    } as never);
    expect(parseMount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1777", "/")).toMatchObject({
      TmpfsOptions: { SizeBytes: 1048576, Mode: 0o1777 },
    });
    expect(parseMount('source=v,target=/v,volume-label=a=b,"volume-opt=o=addr=1,rw"', "/")).toMatchObject({
      Type: "volume",
      VolumeOptions: { Labels: { a: "b" }, DriverConfig: { Options: { o: "addr=1,rw" } } },
    });
  });

  test.each([
    ["foo", "invalid field 'foo' must be a key=value pair"],
    ["foo=1,target=/x", "unexpected key 'foo' in 'foo=1'"],
    ["type=bind,source=/x", "target is required"],
    ["type=tmpfs,target=/x,volume-nocopy", "cannot mix 'volume-*' options with mount type 'tmpfs'"],
  ])("%s is refused", (text, message) => {
    expect(() => parseMount(text, "/")).toThrow(message);
  });

  test("volumes are anonymous or bound; relative sources are made absolute", () => {
    expect(parseVolumes(["/a", "./b:/c:ro", "name:/d"], "/w")).toEqual({
      anonymous: { "/a": {} },
      binds: ["/w/b:/c:ro", "name:/d"],
    });
  });
});

test("ulimits and restart policies", () => {
  expect(parseUlimit("nofile=1:2")).toEqual({ Name: "nofile", Soft: 1, Hard: 2 });
  expect(() => parseUlimit("nofile=2:1")).toThrow("soft limit must be less than or equal to hard limit: 2 > 1");
  expect(parseRestart("on-failure:3")).toEqual({ Name: "on-failure", MaximumRetryCount: 3 });
  expect(() => parseRestart("on-failure:x")).toThrow("maximum retry count must be an integer");
});

test("variables without a value come from the client, or not at all", () => {
  expect(readEnvironment([], ["A", "B=1", "NONE"], { env: { A: "x" }, cwd: "/" })).toEqual(["A=x", "B=1"]);
});

describe("detach keys", () => {
  const filter = (): DetachFilter => new DetachFilter(parseDetachKeys(""));
  const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

  test("the sequence is found across reads and not sent", () => {
    const keys = filter();
    expect(keys.push(bytes("ab\x10")).send).toEqual(Uint8Array.from(bytes("ab")));
    expect(keys.push(bytes("\x11c"))).toEqual({ send: new Uint8Array(), detached: true });
  });

  test("a sequence that does not go on is sent", () => {
    const keys = filter();
    keys.push(bytes("\x10"));
    expect(keys.push(bytes("x"))).toEqual({ send: Uint8Array.from(bytes("\x10x")), detached: false });
    expect(keys.push(bytes("\x10\x10\x11")).detached).toBe(true);
  });

  test("names of keys", () => {
    expect(parseDetachKeys("ctrl-a,q,ctrl-@")).toEqual(Uint8Array.of(1, 113, 0));
    expect(() => parseDetachKeys("ctrl-")).toThrow("invalid detach keys (ctrl-) provided");
  });
});
