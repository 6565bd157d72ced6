import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

/** security-options on the real kernel; what Docker forbids is forbidden, what it opens is open. */
describe.skipIf(process.getuid?.() !== 0).each(["crun", "runc"] as const)("isolation with %s", (runtime) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine({ extraArgs: ["--default-runtime", runtime] });
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  const run = (...args: string[]): Promise<string> => engine.docker(["run", "--rm", ...args]);
  const status = async (field: string, ...flags: string[]): Promise<string> =>
    (await run(...flags, "busybox", "sh", "-c", `grep ^${field}: /proc/self/status | cut -f2`)).trim();
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await engine.daemon.docker(["run", "--rm", ...args, "busybox", "true"]);
    expect(code).toBeGreaterThanOrEqual(125);
    return stderr;
  };
  /** `yes` or `no` for each command line. */
  const outcomes = async (flags: readonly string[], lines: readonly string[]): Promise<string[]> => {
    const script = lines.map((line) => `(${line}) >/dev/null 2>&1 && echo yes || echo no`).join("\n");
    return (await run(...flags, "busybox", "sh", "-c", script)).trim().split("\n");
  };

  test("capabilities", async () => {
    expect(await status("CapEff")).toBe("00000000a80425fb");
    expect(await status("CapBnd", "--cap-drop=ALL")).toBe("0000000000000000");
    expect(await status("CapBnd", "--cap-drop=all", "--cap-add=chown")).toBe("0000000000000001");
    expect(await status("CapEff", "-u", "1000", "--cap-add=net_admin")).toBe("0000000000000000");
    expect(await refused("--cap-add=FOO")).toContain('invalid CapAdd: unknown capability: "CAP_FOO"');
  });

  test("no new privileges and seccomp, also of an exec", async () => {
    expect(await status("NoNewPrivs")).toBe("0");
    expect(await status("NoNewPrivs", "--security-opt=no-new-privileges")).toBe("1");
    expect(await status("Seccomp")).toBe("2");
    expect(await status("Seccomp", "--security-opt=seccomp=unconfined")).toBe("0");
    expect(await status("Seccomp", "--privileged")).toBe("0");
    await engine.docker([
      "run",
      "-d",
      "--name",
      "tight",
      "--security-opt=no-new-privileges:true",
      "busybox",
      "sleep",
      "600",
    ]);
    const lines = "grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status | cut -f2 | xargs";
    expect(await engine.docker(["exec", "tight", "sh", "-c", lines])).toBe("00000000a80425fb 1 2\n");
    await engine.docker(["rm", "-f", "tight"]);
  });

  test("a seccomp profile of the user", async () => {
    const file = `${engine.box.root}/profile.json`;
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["chmod", "fchmodat", "fchmodat2"], action: "SCMP_ACT_ERRNO" }],
    };
    await Bun.write(file, JSON.stringify(profile));
    expect(await outcomes([`--security-opt=seccomp=${file}`], ["chmod 700 /tmp", "touch /tmp/x"])).toEqual([
      "no",
      "yes",
    ]);
  });

  test("what the default forbids", async () => {
    const lines = [
      "mount -t tmpfs none /tmp",
      "umount /proc/acpi",
      "mount -o remount,rw /sys",
      "echo 1 >/proc/sys/kernel/panic",
      "echo b >/proc/sysrq-trigger",
      "echo x >/sys/kernel/mm/ksm/run",
      "head -c9 /proc/kcore | grep .",
      "cat /proc/timer_list | grep .",
      'test -n "$(ls -A /sys/firmware)"',
      "mknod /tmp/vda b 254 0 && head -c1 /tmp/vda",
      "unshare -U true",
      "unshare -m true",
      "chroot /proc/1/root nsenter -t 1 -m true",
      "for f in /sys/fs/cgroup/*/release_agent; do test -e $f && echo x >$f && exit 0; done; exit 1",
      "mount | grep -q 'cgroup2 on /sys/fs/cgroup ' && mkdir /sys/fs/cgroup/x || mkdir /sys/fs/cgroup/pids/x",
    ];
    expect(await outcomes([], lines)).toEqual(lines.map(() => "no"));
  });

  test("what is opened on request", async () => {
    expect(
      await outcomes(
        ["--privileged"],
        [
          "mount -t tmpfs none /tmp",
          "test -w /proc/sys/kernel/panic",
          "test -e /dev/kmsg || test -e /dev/kvm || test -e /dev/vda",
        ],
      ),
    ).toEqual(["yes", "yes", "yes"]);
    const cgroup = "mount | grep -q ' /sys/fs/cgroup.* type cgroup2\\? (rw'";
    expect(await outcomes([], [cgroup])).toEqual(["no"]);
    expect(await outcomes(["--security-opt=writable-cgroups=true"], [cgroup])).toEqual(["yes"]);
    expect(await outcomes(["--privileged", "--security-opt=writable-cgroups=false"], [cgroup])).toEqual(["no"]);
    expect(
      await outcomes(
        ["--security-opt=systempaths=unconfined"],
        ["cat /proc/timer_list | grep .", "mount | grep -q ' /proc/sys '"],
      ),
    ).toEqual(["yes", "no"]);
    expect(await outcomes(["--read-only"], ["touch /x", "touch /dev/shm/x", "touch /etc/hosts"])).toEqual([
      "no",
      "yes",
      "yes",
    ]);
  });

  test("devices: nodes, rights, rules", async () => {
    expect(await run("--device=/dev/null:/dev/nothing:r", "busybox", "stat", "-c", "%t:%T", "/dev/nothing")).toBe(
      "1:3\n",
    );
    // A number without a driver: past the rules it is no device, before them not permitted.
    const open = ["mknod /tmp/k c 240 77 && cat /tmp/k 2>&1 | grep -q 'No such device'"];
    expect(await outcomes([], open)).toEqual(["no"]);
    expect(await outcomes(["--device-cgroup-rule=c 240:* rwm"], open)).toEqual(["yes"]);
    expect(await refused("--device=/dev/nosuch")).toContain(
      'adding custom device "/dev/nosuch": no such file or directory',
    );
    expect(await refused("--device=/etc/passwd")).toContain('adding custom device "/etc/passwd": not a device node');
    expect(await refused("--device-cgroup-rule=x")).toContain("invalid device cgroup format 'x'");
    expect(await refused("--gpus=all")).toContain('could not select device driver "" with capabilities: [[gpu]]');
    expect(await refused("--device=vendor.com/class=x")).toContain(
      "CDI device injection failed: unresolvable CDI devices vendor.com/class=x",
    );
  });

  test.each([
    ["foo=bar", 'invalid --security-opt 2: "foo=bar"'],
    ["no-new-privileges=foo", 'invalid --security-opt 2: "no-new-privileges=foo"'],
    ["writable-cgroups=foo", 'invalid --security-opt 2: "writable-cgroups=foo"'],
  ])("--security-opt %s is refused", async (option, text) => {
    expect(await refused("--security-opt", option)).toContain(text);
  });

  test("a domain of the host's own names is refused at the start", async () => {
    expect(await refused("--uts=host", "--domainname=x")).toContain(
      'sysctl "kernel.domainname" is not in a separate kernel namespace',
    );
    expect(await run("--domainname=x", "busybox", "cat", "/proc/sys/kernel/domainname")).toBe("x\n");
    expect(await refused("--stop-signal=99")).toContain("invalid signal: 99");
  });

  test("inspect tells of it", async () => {
    const flags = ["--security-opt=label=disable", "--security-opt=no-new-privileges", "--cap-add=net_admin"];
    await engine.docker(["create", "--name", "told", ...flags, "busybox", "true"]);
    const format =
      "{{.HostConfig.SecurityOpt}} {{.HostConfig.CapAdd}} {{.AppArmorProfile}}|{{.ProcessLabel}}|{{len .HostConfig.MaskedPaths}}";
    expect(await engine.docker(["inspect", "-f", format, "told"])).toMatch(
      /^\[label=disable no-new-privileges\] \[CAP_NET_ADMIN\] .*\|\|\d\d\n$/,
    );
    await engine.docker(["rm", "told"]);
  });
});
