import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { ContainerConfig, HostConfig } from "#spec";
import { createSpec, type SpecInput, type SpecResult } from "./create-spec.ts";
import { defaultCapabilities } from "./capabilities.ts";
import type { SpecHost } from "./host.ts";
import { capabilityNames, rlimitNumbers, type Rlimit, type RlimitName } from "#linux";

const unlimited: Rlimit = { soft: -1, hard: -1 };
const names = Object.keys(rlimitNumbers) as RlimitName[];
const host: SpecHost = {
  architecture: "amd64",
  kernelVersion: "6.18.0",
  cgroupVersion: 2,
  capabilities: capabilityNames,
  rlimits: Object.fromEntries(names.map((name) => [name, unlimited])) as Record<RlimitName, Rlimit>,
  cpus: 4,
  limits: {
    memory: true,
    swap: true,
    reservation: true,
    swappiness: true,
    oomKillDisable: true,
    kernelMemoryTcp: true,
    pids: true,
    cpuShares: true,
    cpuQuota: true,
    cpuset: true,
    ioWeight: true,
    ioWeightDevice: true,
    readBps: true,
    writeBps: true,
    readIops: true,
    writeIops: true,
  },
  oomScoreAdj: 0,
  apparmor: undefined,
  initPath: "/usr/bin/tini",
  thermalPaths: [],
};

function inputOf(config: ContainerConfig, hostConfig: HostConfig, rest: Partial<SpecInput> = {}): SpecInput {
  return {
    config: { Cmd: ["sh"], ...config },
    hostConfig,
    user: { uid: 0, gid: 0, additionalGids: [], home: "/root" },
    rootfs: "/var/lib/lighter/mounts/c1",
    hostname: "0123456789ab",
    network: { kind: "path", path: "/run/lighter/netns/c1" },
    mounts: [
      {
        destination: "/etc/hosts",
        type: "bind",
        source: "/var/lib/lighter/containers/c1/hosts",
        options: ["rbind", "rprivate"],
      },
    ],
    cgroupsPath: "/lighter/c1",
    host,
    ...rest,
  };
}

const specOf = (hostConfig: HostConfig, rest: Partial<SpecInput> = {}): SpecResult =>
  createSpec(inputOf({}, hostConfig, rest));

/** The golden file is the whole spec; seccomp has its own. `LIGHTER_UPDATE_GOLDEN=1` writes it anew. */
function expectGolden(name: string, result: SpecResult): void {
  const path = `${import.meta.dir}/../golden/${name}.json`;
  const { seccomp, ...linux } = result.spec.linux;
  const spec = { ...result.spec, linux: { ...linux, hasSeccomp: seccomp !== undefined } };
  const text = `${JSON.stringify({ spec, warnings: result.warnings }, null, 2)}\n`;
  if (process.env["LIGHTER_UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(existsSync(path)).toBe(true);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(path, "utf8")));
}

describe("golden specs", () => {
  const cases: Readonly<Record<string, SpecInput>> = {
    default: inputOf({}, {}),
    "tty-user": inputOf(
      { Tty: true, Env: ["A=1", "PATH=/bin"], WorkingDir: "/app", Entrypoint: ["/entry"], Domainname: "example.org" },
      { ConsoleSize: [40, 120], GroupAdd: ["10"] },
      { user: { uid: 1000, gid: 1001, additionalGids: [10], home: "/home/app" } },
    ),
    privileged: inputOf(
      {},
      { Privileged: true, ReadonlyRootfs: true },
      { devices: [{ path: "/dev/kvm", type: "c", major: 10, minor: 232, access: "rwm" }] },
    ),
    limits: inputOf(
      {},
      {
        Memory: 268435456,
        MemoryReservation: 134217728,
        NanoCpus: 1500000000,
        CpuShares: 512,
        CpusetCpus: "0-1",
        PidsLimit: 100,
        OomScoreAdj: 500,
        Ulimits: [{ Name: "nofile", Soft: 1024, Hard: 2048 }],
        CpuRealtimePeriod: 1000000,
        CpuRealtimeRuntime: 950000,
      },
      {
        blockIo: {
          weight: 300,
          weightDevice: [{ major: 8, minor: 0, weight: 100 }],
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1048576 }],
        },
      },
    ),
    hardened: inputOf(
      {},
      {
        CapDrop: ["ALL"],
        CapAdd: ["net_bind_service"],
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "", "/run": "rw,exec,size=64m" },
        SecurityOpt: ["no-new-privileges"],
        Sysctls: { "net.core.somaxconn": "1024" },
        ShmSize: 1048576,
        Init: true,
      },
    ),
    "host-namespaces": inputOf(
      {},
      { NetworkMode: "host", PidMode: "host", IpcMode: "host", UTSMode: "host", CgroupnsMode: "host" },
      { network: { kind: "host" } },
    ),
  };
  test.each(Object.keys(cases))("%s", (name) => {
    const input = cases[name];
    if (input !== undefined) expectGolden(name, createSpec(input));
  });
});

describe("capabilities", () => {
  const capsOf = (hostConfig: HostConfig, rest?: Partial<SpecInput>): readonly string[] =>
    specOf(hostConfig, rest).spec.process.capabilities?.bounding ?? [];

  test("the default are Docker's fourteen", () => {
    expect(capsOf({})).toEqual(defaultCapabilities);
    expect(defaultCapabilities).toHaveLength(14);
  });
  test.each([
    [["NET_ADMIN"], [], [...defaultCapabilities, "CAP_NET_ADMIN"]],
    [["cap_net_admin"], ["CAP_CHOWN"], [...defaultCapabilities.slice(1), "CAP_NET_ADMIN"]],
    [["ALL"], [], [...capabilityNames]],
    [["ALL"], ["SYS_ADMIN"], capabilityNames.filter((name) => name !== "CAP_SYS_ADMIN")],
    [["CHOWN"], ["all"], ["CAP_CHOWN"]],
    [[], ["ALL"], []],
    [["CHOWN"], [], [...defaultCapabilities]],
  ])("add %p, drop %p", (CapAdd, CapDrop, expected) => {
    expect(capsOf({ CapAdd, CapDrop })).toEqual(expected);
  });
  test("an unknown one is refused", () => {
    expect(() => specOf({ CapAdd: ["FOO"] })).toThrow('invalid CapAdd: unknown capability: "CAP_FOO"');
  });
  test("what the host lacks is left out; with a warning when asked for", () => {
    const poor = { ...host, capabilities: capabilityNames.filter((name) => name !== "CAP_SYS_RESOURCE") };
    const result = specOf({ CapAdd: ["SYS_RESOURCE"] }, { host: poor });
    expect(result.spec.process.capabilities?.bounding).toEqual(defaultCapabilities);
    expect(result.warnings).toEqual(["the host does not have CAP_SYS_RESOURCE; it is left out"]);
    expect(specOf({ Privileged: true }, { host: poor }).warnings).toEqual([]);
  });
});

test("ulimits are clamped to the host's hard limit, with a warning", () => {
  const poor = {
    ...host,
    capabilities: [],
    rlimits: { ...host.rlimits, nofile: { soft: 1024, hard: 20000 } },
  };
  const { spec, warnings } = specOf({ Ulimits: [{ Name: "nofile", Soft: 65536, Hard: 65536 }] }, { host: poor });
  expect(spec.process.rlimits).toEqual([{ type: "RLIMIT_NOFILE", soft: 20000, hard: 20000 }]);
  expect(warnings).toEqual(["ulimit nofile=65536:65536 exceeds what this host allows; 20000:20000 is used"]);
  expect(() => specOf({ Ulimits: [{ Name: "nofiles", Soft: 1, Hard: 1 }] })).toThrow("invalid ulimit type: nofiles");
});

test("a mount of the user takes the place of a default one", () => {
  const mounts = specOf({}, { mounts: [{ destination: "/dev/shm", type: "bind", source: "/srv", options: ["rbind"] }] })
    .spec.mounts;
  expect(mounts.filter(({ destination }) => destination === "/dev/shm")).toEqual([
    { destination: "/dev/shm", type: "bind", source: "/srv", options: ["rbind"] },
  ]);
});

test("annotations never carry the OCI runtime's own switches", () => {
  const Annotations = { "run.oci.seccomp_bpf_data": "AAAA", "run.oci.handler": "krun", "com.example.x": "y" };
  expect(specOf({ Annotations }).spec.annotations).toEqual({ "com.example.x": "y" });
  const config = { Labels: { "run.oci.handler": "krun", a: "b" } };
  expect(createSpec(inputOf(config, {})).spec.annotations).toBeUndefined();
});

test("masks can be lifted, one by one or together", () => {
  expect(specOf({ MaskedPaths: [], ReadonlyPaths: [] }).spec.linux).toMatchObject({
    maskedPaths: [],
    readonlyPaths: [],
  });
  expect(specOf({ MaskedPaths: ["/x"] }).spec.linux).toMatchObject({ maskedPaths: ["/x"] });
  expect(specOf({ SecurityOpt: ["systempaths=unconfined"] }).spec.linux.maskedPaths).toEqual([]);
});

test.each([
  ["privilege=1", "invalid --security-opt 2"],
  ["nothing", "invalid --security-opt 1"],
])("%p is refused", (option, text) => {
  expect(() => specOf({ SecurityOpt: [option] })).toThrow(text);
});

test("--init without an init on the host is Docker's error", () => {
  const bare = { ...host, initPath: undefined };
  expect(() => specOf({ Init: true }, { host: bare })).toThrow(
    'exec: "docker-init": executable file not found in $PATH',
  );
});

describe("swap", () => {
  test.each([
    [{ Memory: 100 }, 200],
    [{ Memory: 100, MemorySwap: 150 }, 150],
    [{ Memory: 100, MemorySwap: -1 }, -1],
    [{}, undefined],
  ])("%p", (limits, swap) => {
    expect(specOf(limits).spec.linux.resources?.memory?.swap).toBe(swap);
  });
});
