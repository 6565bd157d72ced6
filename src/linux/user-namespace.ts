import { readlinkSync, writeFileSync } from "node:fs";
import { EngineError, messageOf } from "#core";

/** A line of /proc/<pid>/uid_map: `size` ids from `container` on are those from `host` on outside (user_namespaces(7)). */
export interface IdRange {
  readonly container: number;
  readonly host: number;
  readonly size: number;
}

export interface IdMappings {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

/** A user namespace with a network namespace that it owns; both end with it, unless a process, mount or file keeps them. */
export interface UserNamespace extends Disposable {
  readonly mappings: IdMappings;
  /** Names of the two under /proc, good until disposal. */
  readonly path: string;
  readonly networkPath: string;
}

/**
 * Makes a user namespace, or, with `joined` (a name under /proc), only a network namespace in that one. The kernel gives one only to a process without threads, which this one has: another stands in it
 * until disposal, and ends by itself when this process does.
 * @throws EngineError `unavailable` where the kernel or its limits refuse
 */
export async function openUserNamespace(mappings: IdMappings, joined?: string): Promise<UserNamespace> {
  // cat(1) answers once it runs, which is in the new namespaces.
  const enter = joined === undefined ? ["unshare", "--user"] : ["nsenter", `--user=${joined}`, "unshare"];
  const child = Bun.spawn([...enter, "--net", "cat"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  try {
    void child.stdin.write("\n");
    void child.stdin.flush();
    const { done } = await child.stdout.getReader().read();
    if (done) throw new EngineError("unavailable", `no user namespace: ${(await child.stderr.text()).trim()}`);
    const process = `/proc/${child.pid}`;
    if (readlinkSync(`${process}/ns/user`) === readlinkSync("/proc/self/ns/user"))
      throw new EngineError("unavailable", "no user namespace: unshare made none");
    if (joined === undefined) {
      writeMap(`${process}/uid_map`, mappings.uids);
      writeMap(`${process}/gid_map`, mappings.gids);
    }
    return {
      mappings,
      path: `${process}/ns/user`,
      networkPath: `${process}/ns/net`,
      [Symbol.dispose]: () => child.kill(9),
    };
  } catch (error) {
    child.kill(9);
    throw error;
  }
}

function writeMap(file: string, ranges: readonly IdRange[]): void {
  const text = ranges.map(({ container, host, size }) => `${container} ${host} ${size}\n`).join("");
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new EngineError(
      "unavailable",
      `no user namespace with the ids ${JSON.stringify(ranges)}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
