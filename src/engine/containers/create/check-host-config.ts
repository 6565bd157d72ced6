import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { normalize } from "node:path/posix";
import { EngineError, parseSignal } from "#core";
import { resolveCapabilities } from "#runtime";
import type { ContainerConfig, HostConfig, Resources } from "#spec";

/** Values out of their range and modes that are none of Docker's, in its words. @throws EngineError `invalid` */
export function checkHostConfig(config: ContainerConfig, host: HostConfig): void {
  const { OomScoreAdj = 0, Isolation = "", IpcMode = "", PidMode = "", UTSMode = "", CgroupnsMode = "" } = host;
  const refuse = (wrong: boolean, text: string): void => {
    if (wrong) throw new EngineError("invalid", text);
  };
  if (config.StopSignal) parseSignal(config.StopSignal);
  refuse(
    OomScoreAdj < -1000 || OomScoreAdj > 1000,
    `Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`,
  );
  refuse(
    !["", "default"].includes(Isolation.toLowerCase()),
    `invalid isolation (${Isolation}): linux only supports 'default'`,
  );
  refuse(!/^(?:|none|host|private|shareable|container:.+)$/.test(IpcMode), `invalid IPC mode: ${IpcMode}`);
  refuse(!/^(?:|host|container:.+)$/.test(PidMode), `invalid PID mode: ${PidMode}`);
  refuse(!["", "host"].includes(UTSMode), `invalid UTS mode: ${UTSMode}`);
  for (const variable of config.Env ?? [])
    refuse(variable === "" || variable.startsWith("="), `invalid environment variable: ${variable}`);
  refuse(UTSMode === "host" && Boolean(config.Hostname), "conflicting options: hostname and the UTS mode");
  refuse(!["", "private", "host"].includes(CgroupnsMode), `invalid cgroup namespace mode: ${CgroupnsMode}`);
  refuse((host.ShmSize ?? 0) < 0, "SHM size can not be less than 0");
  checkCapabilities(host);
  checkTmpfs(host);
  checkPorts(host);
  checkDevices(host);
  checkCpusets(host);
}

function checkCapabilities({ CapAdd, CapDrop }: HostConfig): void {
  const [add, drop] = [CapAdd ?? [], CapDrop ?? []];
  if (add.length + drop.length > 0) resolveCapabilities({ add, drop, privileged: false, available: [] });
}

/** Their options the start checks. */
function checkTmpfs({ Tmpfs }: HostConfig): void {
  for (const path of Object.keys(Tmpfs ?? {})) {
    if (!path.startsWith("/"))
      throw new EngineError("invalid", `invalid mount path: '${path}' mount path must be absolute`);
    if (normalize(path) === "/") throw new EngineError("invalid", "invalid specification: destination can't be '/'");
  }
}

/** Addresses and ports of the host go into rules of the firewall as they are. */
function checkPorts({ PortBindings }: HostConfig): void {
  for (const { HostIp = "", HostPort = "" } of Object.values(PortBindings ?? {}).flatMap((list) => list ?? [])) {
    if (HostIp !== "" && isIP(HostIp) === 0) throw new EngineError("invalid", `invalid IP address: ${HostIp}`);
    const numbers = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(HostPort)?.slice(1) ?? [];
    if (HostPort !== "" && (numbers.length === 0 || numbers.some((number) => Number(number ?? 0) > 65_535)))
      throw new EngineError("invalid", `invalid port specification: ${JSON.stringify(HostPort)}`);
  }
}

/** Drivers of devices such as GPUs are not there. */
function checkDevices({ DeviceRequests }: HostConfig): void {
  for (const { Driver = "", Capabilities, DeviceIDs } of DeviceRequests ?? []) {
    if (Driver === "cdi") {
      const devices = (DeviceIDs ?? []).join(", ");
      throw new EngineError("invalid", `CDI device injection failed: unresolvable CDI devices ${devices}`);
    }
    const capabilities = (Capabilities ?? []).map((list) => `[${list.join(" ")}]`).join(" ");
    throw new EngineError(
      "internal",
      `could not select device driver ${JSON.stringify(Driver)} with capabilities: [${capabilities}]`,
    );
  }
}

/** CPUs and memory nodes that this host has. @throws EngineError `invalid` */
export function checkCpusets({ CpusetCpus = "", CpusetMems = "" }: Resources): void {
  checkSet("cpus", "CPUs", CpusetCpus, "/sys/devices/system/cpu/online");
  checkSet("mems", "memory nodes", CpusetMems, "/sys/devices/system/node/online");
}

function checkSet(kind: string, noun: string, wanted: string, file: string): void {
  if (wanted === "") return;
  const list = parseSet(wanted);
  if (!list) throw new EngineError("invalid", `Invalid value ${wanted} for cpuset ${kind}: invalid format: ${wanted}`);
  const online = readFileSync(file, "utf8").trim();
  const available = new Set(parseSet(online));
  if (list.some((number) => !available.has(number))) {
    throw new EngineError("invalid", `Requested ${noun} are not available - requested ${wanted}, available: ${online}`);
  }
}

/** `0-2,7` as numbers; undefined where it is none of that. */
function parseSet(text: string): readonly number[] | undefined {
  if (!/^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/.test(text)) return undefined;
  const ranges = text.split(",").map((part) => part.split("-").map(Number));
  if (ranges.some(([first = 0, last = first]) => last < first)) return undefined;
  return ranges.flatMap(([first = 0, last = first]) => {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
