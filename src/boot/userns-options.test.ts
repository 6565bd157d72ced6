import { describe, expect, test } from "bun:test";
import { userNamespaceOptions } from "./userns-options.ts";

const files: Readonly<Record<string, string>> = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\nbare:x:1001:1001::/:/bin/sh\n",
  "/etc/group": "root:x:0:\nstaff:x:50:\n",
  "/etc/subuid": "app:300000:1000\napp:100000:65536\nlighter:500000:131072\n",
  "/etc/subgid": "50:200000:65536\napp:700000:65536\nlighter:900000:65536\n",
};
const remap = (text: string, read = (path: string): string => files[path] ?? ""): unknown =>
  userNamespaceOptions(text, undefined, read).remap;

describe("userns-remap", () => {
  test.each([
    ["", "none"],
    ["root", "none"],
    ["auto", "auto"],
  ])("%p", (text, expected) => expect(remap(text)).toEqual(expected));

  test("a user by name or id, its ranges joined by their start, and its group or another", () => {
    const uids = [
      { container: 0, host: 100_000, size: 65_536 },
      { container: 65_536, host: 300_000, size: 1000 },
    ];
    const gids = [{ container: 0, host: 700_000, size: 65_536 }];
    expect(remap("app")).toEqual({ uids, gids });
    expect(remap("1000")).toEqual({ uids, gids });
    expect(remap("app:staff")).toEqual({ uids, gids: [{ container: 0, host: 200_000, size: 65_536 }] });
    expect(remap("1000:50")).toEqual({ uids, gids: [{ container: 0, host: 200_000, size: 65_536 }] });
  });

  test("default is dockremap where there is one, otherwise a range of our own", () => {
    const own = [{ container: 0, host: 0x7000_0000, size: 65_536 }];
    expect(remap("default")).toEqual({ uids: own, gids: own });
    const ranges = [{ container: 0, host: 4_000_000, size: 65_536 }];
    expect(remap("default", () => "dockremap:4000000:65536\n")).toEqual({ uids: ranges, gids: ranges });
  });

  test.each([
    ["a:b:c", 'invalid user/group specification in --userns-remap: "a:b:c"'],
    ["app:", "invalid user/group specification"],
    ["nobody", 'error during uid lookup for "nobody"'],
    ["4711", "uid 4711 has no entry in /etc/passwd"],
    ["app:nogroup", 'error during gid lookup for "nogroup"'],
    ["bare", `Can't create ID mappings: no subuid ranges found for user "bare" in /etc/subuid`],
  ])("%p is refused", (text, message) => expect(() => remap(text)).toThrow(message));
});

describe("where auto takes ranges from", () => {
  const pool = (range?: string, read = (path: string): string => files[path] ?? ""): unknown =>
    userNamespaceOptions(undefined, range, read).pool;
  test("the option, else the user lighter, else a range of our own", () => {
    expect(pool("1000000:65536")).toEqual({ uid: 1_000_000, gid: 1_000_000, size: 65_536 });
    expect(pool()).toEqual({ uid: 500_000, gid: 900_000, size: 65_536 });
    expect(pool(undefined, () => "")).toEqual({ uid: 0x7001_0000, gid: 0x7001_0000, size: 0x0ffd_0000 });
  });
  test.each(["", "1", "0:10", "10:0", "4294967295:2", "a:b"])("%p is refused", (range) => {
    expect(() => pool(range)).toThrow("invalid value for userns-auto-range");
  });
});
