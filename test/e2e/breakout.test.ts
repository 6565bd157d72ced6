import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { writeProbe } from "../support/probe.ts";

/** Hostile images and requests: what they reach for stays out of reach. */
describe.skipIf(process.getuid?.() !== 0).each(["crun", "runc"] as const)("hostile images with %s", (runtime) => {
  let engine: TestEngine;
  let scratch: string;
  beforeAll(async () => {
    engine = await openTestEngine({ extraArgs: ["--default-runtime", runtime] });
    scratch = join(engine.box.root, "scratch");
    mkdirSync(scratch);
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  const run = (...args: string[]): Promise<string> => engine.docker(["run", "--rm", ...args]);
  /** An image of busybox that these commands have changed. */
  const build = async (name: string, ...lines: string[]): Promise<void> =>
    void (await engine.docker(["build", "-q", "-t", name, "-"], { stdin: `FROM busybox\n${lines.join("\n")}\n` }));

  test("only the three streams are open at the first instruction, of a container and of an exec", async () => {
    // The listing itself holds one more.
    const list = ["sh", "-c", "exec ls /proc/self/fd"];
    expect(await run("busybox", ...list)).toBe("0\n1\n2\n3\n");
    await engine.docker(["run", "-d", "--name", "open", "busybox", "sleep", "600"]);
    expect(await engine.docker(["exec", "open", ...list])).toBe("0\n1\n2\n3\n");
    expect(await engine.docker(["exec", "open", "ls", "/proc/1/fd"])).toBe("0\n1\n2\n");
    await engine.docker(["rm", "-f", "open"]);
  });

  test("a working directory below /proc/self/fd never leads to the host", async () => {
    await build("link", "RUN for n in 3 4 5 6 7 8 9 10 11; do ln -s /proc/self/fd/$n /fd$n; done");
    await engine.docker(["run", "-d", "--name", "cwd", "link", "sleep", "600"]);
    const secret = "test -e ./etc/shadow || test -e ../../etc/shadow || test -e ../../../etc/shadow";
    for (const number of [3, 4, 5, 6, 7, 8, 9, 10, 11]) {
      for (const path of [`/proc/self/fd/${number}`, `/fd${number}`]) {
        const script = ["sh", "-c", `(${secret}) && echo reached; exit 0`];
        const started = await engine.daemon.docker(["run", "--rm", "-w", path, "link", ...script]);
        expect(started.stdout).toBe("");
        const executed = await engine.daemon.docker(["exec", "-w", path, "cwd", ...script]);
        expect(executed.stdout).not.toContain("reached");
      }
    }
    await engine.docker(["rm", "-f", "cwd"]);
    await engine.docker(["rmi", "link"]);
  }, 120_000);

  test("/dev as a symbolic link, and a /dev/null of the image, change nothing of the host", async () => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    await build("null", "RUN rm -rf /dev/null; ln -s /proc/sys/kernel/core_pattern /dev/null; true");
    const out = await run(
      "null",
      "sh",
      "-c",
      "stat -c %t:%T /dev/null; head -c1 /proc/kcore | wc -c; echo x >/dev/null; mount | grep -c core_pattern; true",
    );
    expect(out).toBe("1:3\n0\n0\n");
    expect(readFileSync("/proc/sys/kernel/core_pattern", "utf8")).toBe(pattern);
    await engine.docker(["rmi", "null"]);
  });

  test("users: exact ids or a refusal", async () => {
    await build(
      "users",
      String.raw`RUN printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbig:x:4294967296:0::/:/bin/sh\n' >/etc/passwd; printf 'grp:x:77:app\n' >/etc/group`,
    );
    await engine.docker(["run", "-d", "--name", "ids", "users", "sleep", "600"]);
    const ids = "echo $(id -u):$(id -g):$(id -G)";
    const cases: readonly (readonly [string, string])[] = [
      ["1", "1:0:0"],
      ["1:", "1:0:0"],
      [":1", "0:1:1"],
      ["1:1", "1:1:1"],
      ["app", "1000:1001:1001 77"],
      ["app:5", "1000:5:5"],
      ["1000:grp", "1000:77:77"],
      ["2147483647", "2147483647:0:0"],
    ];
    for (const [user, expected] of cases) {
      expect(await run("-u", user, "users", "sh", "-c", ids)).toBe(`${expected}\n`);
      expect(await engine.docker(["exec", "-u", user, "ids", "sh", "-c", ids])).toBe(`${expected}\n`);
    }
    for (const user of [
      "4294967296",
      "4294967295",
      "2147483648",
      "-1",
      "0:4294967296",
      "big",
      "none",
      "1:none",
      "1:2:3",
    ]) {
      const started = await engine.daemon.docker(["run", "--rm", "-u", user, "users", "id"]);
      expect([user, started.code >= 125, started.stdout]).toEqual([user, true, ""]);
      const executed = await engine.daemon.docker(["exec", "-u", user, "ids", "id"]);
      expect([user, executed.code > 0, executed.stdout.startsWith("uid")]).toEqual([user, true, false]);
    }
    await engine.docker(["rm", "-f", "ids"]);
    await engine.docker(["rmi", "users"]);
  }, 120_000);

  test("hostile passwd and group files", async () => {
    const makers = [
      "truncate -s 20M /etc/passwd",
      "rm /etc/passwd; mkfifo /etc/passwd",
      // runc reads where it leads, for ever: the story of hung-start.test.ts.
      ...(runtime === "runc" ? [] : ["ln -sf /proc/kmsg /etc/passwd"]),
      "ln -sf ../../../../../../etc/shadow /etc/passwd",
      "rm /etc/group; mkfifo /etc/group",
      "rm /etc/passwd; mkdir /etc/passwd",
    ];
    for (const maker of makers) {
      await build("hostile", `RUN rm -f /etc/passwd /etc/group; touch /etc/passwd /etc/group; ${maker}`);
      const { code, stdout } = await engine.daemon.docker([
        "run",
        "--rm",
        "hostile",
        "grep",
        "^Uid:",
        "/proc/self/status",
      ]);
      if (code === 0) expect(stdout).toBe("Uid:\t0\t0\t0\t0\n");
      // runc reads the files itself, and a directory is to Docker's client a command that cannot be run.
      else expect([125, 126]).toContain(code);
      const named = await engine.daemon.docker(["run", "--rm", "-u", "daemon", "hostile", "id"]);
      expect(named.code).toBe(125);
    }
    await engine.docker(["rmi", "-f", "hostile"]);
  }, 120_000);

  test("labels of an image switch nothing of the OCI runtime", async () => {
    const labels = [
      "run.oci.handler=krun",
      "run.oci.seccomp_fail_unknown_syscall=1",
      "run.oci.hooks.stdout=/x",
      "org.systemd.property.X=1",
      "run.oci.keep_original_groups=1",
    ];
    await build("labels", ...labels.map((label) => `LABEL ${label}`));
    await engine.docker(["run", "-d", "--name", "labelled", "labels", "sleep", "600"]);
    const id = (await engine.docker(["inspect", "-f", "{{.Id}}", "labelled"])).trim();
    const config = JSON.parse(readFileSync(join(engine.box.execRoot, "tasks", id, "config.json"), "utf8")) as {
      readonly annotations?: Readonly<Record<string, string>>;
      readonly hooks?: unknown;
    };
    const names = Object.keys(config.annotations ?? {}).filter((name) => name !== "run.oci.seccomp_bpf_data");
    expect([names, config.hooks]).toEqual([[], undefined]);
    expect(await engine.docker(["exec", "labelled", "sh", "-c", "grep ^Seccomp: /proc/self/status | cut -f2"])).toBe(
      "2\n",
    );
    await engine.docker(["rm", "-f", "labelled"]);
    await engine.docker(["rmi", "labels"]);
  });

  test("the OCI runtime's program is the same after a container has tried to write it", async () => {
    const path = Bun.which(runtime) ?? "";
    const before = Bun.hash(readFileSync(path));
    await build("exe", String.raw`RUN printf '#!/proc/self/exe\n' >/entry && chmod 755 /entry`);
    await engine.daemon.docker(["run", "--rm", "exe", "/entry"]);
    const script = "for p in /proc/[0-9]*/exe; do echo x 2>/dev/null >$p; done; true";
    await engine.docker(["run", "-d", "--name", "writer", "exe", "sh", "-c", `while :; do ${script}; done`]);
    for (let index = 0; index < 5; index++) await engine.daemon.docker(["exec", "writer", "/entry"]);
    await engine.docker(["rm", "-f", "writer"]);
    expect(Bun.hash(readFileSync(path))).toBe(before);
    await engine.docker(["rmi", "exe"]);
  });

  test.skipIf(process.arch !== "x64")(
    "system calls that the default profile refuses, also of 32-bit programs",
    async () => {
      const [eperm, enosys] = [1, 38];
      const newUser = 0x10000011;
      const calls = {
        io_uring_setup: [425, [1], eperm],
        io_uring_enter: [426, [], eperm],
        io_uring_register: [427, [], eperm],
        keyctl: [250, [], eperm],
        add_key: [248, [], eperm],
        bpf: [321, [], eperm],
        userfaultfd: [323, [], eperm],
        clone_newuser: [56, [newUser], eperm],
        unshare_newuser: [272, [0x10000000], eperm],
        clone3: [435, [], enosys],
        setns: [308, [], eperm],
        mount: [165, [], eperm],
        umount2: [166, [], eperm],
        pivot_root: [155, [], eperm],
        open_tree: [428, [], eperm],
        move_mount: [429, [], eperm],
        fsopen: [430, [], eperm],
        mount_setattr: [442, [], eperm],
        perf_event_open: [298, [], eperm],
        kexec_load: [246, [], eperm],
        init_module: [175, [], eperm],
        finit_module: [313, [], eperm],
        delete_module: [176, [], eperm],
        open_by_handle_at: [304, [], eperm],
        name_to_handle_at_allowed: [303, [], 14],
        settimeofday: [164, [], eperm],
        reboot: [169, [], eperm],
        swapon: [167, [], eperm],
        acct: [163, [], eperm],
        move_pages: [279, [], eperm],
        mbind: [237, [], eperm],
        lookup_dcookie: [212, [], eperm],
        ptrace_traceme_allowed: [101, [], 0],
        personality_linux_allowed: [135, [0], 0],
        personality_other: [135, [0x12345], eperm],
        vsock: [41, [40, 1, 0], eperm],
        getpid_allowed: [39, [], 0],
        call_of_the_future: [600, [], enosys],
      } as const satisfies Readonly<Record<string, readonly [number, readonly number[], number]>>;
      const small = {
        keyctl: [288, eperm],
        bpf: [357, eperm],
        userfaultfd: [374, eperm],
        mount: [21, eperm],
        unshare: [310, eperm],
      } as const;
      for (const [name, [number, args]] of Object.entries(calls)) writeProbe(join(scratch, name), { number, args });
      for (const [name, [number]] of Object.entries(small)) {
        const args = name === "unshare" ? [0x10000000] : [];
        writeProbe(join(scratch, `i386_${name}`), { number, args, abi: "i386" });
      }
      writeFileSync(
        join(scratch, "all.sh"),
        `cd /probes; for f in [a-z]*; do case $f in *.sh) ;; *) ./$f; echo $f $?;; esac; done\n`,
      );
      const out = await run("-v", `${scratch}:/probes:ro`, "busybox", "sh", "/probes/all.sh");
      const found = Object.fromEntries(
        out
          .trim()
          .split("\n")
          .map((line) => line.split(" ")),
      );
      const expected = [
        ...Object.entries(calls).map(([name, [, , errno]]) => [name, String(errno)]),
        ...Object.entries(small).map(([name, [, errno]]) => [`i386_${name}`, String(errno)]),
      ];
      expect(found).toEqual(Object.fromEntries(expected) as Record<string, string>);
    },
  );
});
