import { gpus } from "./gpus.ts";
import { deviceRate, deviceRateInBytes, deviceWeight } from "./device-limits.ts";
import { parseNetwork } from "./network-option.ts";
import { parseMount } from "./mounts.ts";
import { deviceCgroupRule, extraHost, ipAddress, label, link, searchDomain, sysctl } from "./run-checks.ts";
import { parseUlimit } from "./ulimit.ts";
import {
  bool,
  bytes,
  checkedList,
  duration,
  int,
  list,
  string,
  uint16,
  type FlagSpec,
  type FlagValues,
} from "../framework/flags.ts";

function attachStream(text: string): string {
  const stream = text.toLowerCase();
  if (stream !== "stdin" && stream !== "stdout" && stream !== "stderr")
    throw new Error("valid streams are STDIN, STDOUT and STDERR");
  return stream;
}

/** `1.5` CPUs as nano CPUs. */
function cpus(help: string): FlagSpec<number | undefined> {
  return {
    help,
    initial: undefined,
    valueName: "decimal",
    parse(text) {
      const [, over = "", under = "1"] = /^(-?\d*\.?\d+)(?:\/(\d+))?$/.exec(text) ?? [];
      if (over === "" || Number(under) === 0) throw new Error(`failed to parse ${text} as a rational number`);
      const nano = (Number(over) * 1e9) / Number(under);
      if (Math.abs(nano - Math.round(nano)) > 1e-3) throw new Error("value is too precise");
      return Math.round(nano);
    },
  };
}

function environmentItem(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid environment variable: ${text}`);
  return text;
}

function checkedBy(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text);
    return text;
  };
}

/** Flags that run and create share. */
export const createFlags = {
  "add-host": checkedList("Add a line to the container's hosts file (host:ip)", extraHost),
  annotation: list("Annotation for the OCI runtime (key=value)", { valueName: "map" }),
  attach: checkedList("Stream to attach: stdin, stdout or stderr", attachStream, { short: "a" }),
  "blkio-weight": uint16("Relative weight of block I/O, 10 to 1000"),
  "blkio-weight-device": checkedList("Weight of one device (path:weight)", deviceWeight),
  "cap-add": list("Give a capability"),
  "cap-drop": list("Take a capability away"),
  "cgroup-parent": string("Cgroup to put the container's into"),
  cgroupns: string("Cgroup namespace: host or private"),
  cidfile: string("Write the container's ID to this file"),
  "cpu-period": int("Period of the CPU quota in microseconds"),
  "cpu-quota": int("CPU time for each period in microseconds"),
  "cpu-rt-period": int("Period of real-time CPU time in microseconds"),
  "cpu-rt-runtime": int("Real-time CPU time for each period in microseconds"),
  "cpu-shares": int("Relative share of CPU time", { short: "c" }),
  cpus: cpus("Number of CPUs, such as 1.5"),
  "cpuset-cpus": string("CPUs to run on (0-3, 0,1)"),
  "cpuset-mems": string("Memory nodes to use (0-3, 0,1)"),
  device: list("Give a device of the host (path[:path in the container][:rwm])"),
  "device-cgroup-rule": checkedList("Allow devices by cgroup rule (c 1:3 rwm)", deviceCgroupRule),
  "device-read-bps": checkedList("Most bytes read from a device each second (path:size)", deviceRateInBytes),
  "device-read-iops": checkedList("Most reads from a device each second (path:number)", deviceRate),
  "device-write-bps": checkedList("Most bytes written to a device each second (path:size)", deviceRateInBytes),
  "device-write-iops": checkedList("Most writes to a device each second (path:number)", deviceRate),
  "disable-content-trust": bool("Accepted for Docker's sake", { initial: true, hidden: true }),
  dns: checkedList("DNS server", ipAddress),
  "dns-option": list("Option of resolv.conf"),
  "dns-opt": list("Option of resolv.conf", { hidden: true }),
  "dns-search": checkedList("DNS search domain", searchDomain),
  domainname: string("NIS domain name"),
  entrypoint: string("Program to run in place of the image's entrypoint"),
  env: checkedList("Environment variable (NAME=value, or NAME to pass it on)", environmentItem, { short: "e" }),
  "env-file": list("File of environment variables"),
  expose: list("Port or range to expose"),
  gpus: gpus("GPUs to give: all, a number, or device=…"),
  "group-add": list("Further group of the process"),
  "health-cmd": string("Command that checks the container's health"),
  "health-http": string("URL that the engine asks inside the container, such as http://localhost:8080/healthz", {
    valueName: "url",
  }),
  "health-interval": duration("Time between two checks"),
  "health-retries": int("Failures in a row that mean unhealthy"),
  "health-start-interval": duration("Time between two checks while starting"),
  "health-start-period": duration("Time to start in which failures do not count"),
  "health-tcp": string("Port that the engine connects to inside the container", { valueName: "port" }),
  "health-timeout": duration("Longest time of one check"),
  hostname: string("Host name of the container", { short: "h" }),
  init: bool("Run an init as process 1 that forwards signals and reaps"),
  interactive: bool("Keep stdin open", { short: "i" }),
  ip: string("IPv4 address"),
  ip6: string("IPv6 address"),
  ipc: string("IPC namespace"),
  isolation: string("Isolation technology"),
  label: checkedList("Label (key=value)", label, { short: "l" }),
  "kernel-memory": bytes("Accepted for Docker's sake", { hidden: true }),
  "label-file": list("File of labels, one on each line"),
  link: checkedList("Link to another container (name:alias)", link),
  "link-local-ip": list("Link-local address"),
  "log-driver": string("Driver of the container's log"),
  "log-opt": list("Option of the log driver (key=value)"),
  "mac-address": string("MAC address"),
  memory: bytes("Most memory", { short: "m" }),
  "memory-reservation": bytes("Memory to keep it at when the host runs short"),
  "memory-swap": bytes("Memory and swap together; -1 for no limit of swap", { unlimited: true }),
  "memory-swappiness": int("How readily memory is swapped, 0 to 100"),
  mount: checkedList(
    "Mount (type=bind|volume|tmpfs,source=…,target=…)",
    checkedBy((text) => parseMount(text, "/")),
    { valueName: "mount" },
  ),
  name: string("Name of the container"),
  network: checkedList("Network to connect to", checkedBy(parseNetwork), { valueName: "network" }),
  net: checkedList("Network to connect to", checkedBy(parseNetwork), { valueName: "network", hidden: true }),
  "network-alias": list("Further name on the network"),
  "net-alias": list("Further name on the network", { hidden: true }),
  "no-healthcheck": bool("Do not run the image's health check"),
  "oom-kill-disable": bool("Do not let the kernel kill for want of memory"),
  "oom-score-adj": int("How readily the kernel kills it, -1000 to 1000"),
  pid: string("PID namespace"),
  "pids-limit": int("Most processes; -1 for no limit"),
  platform: string("Platform of the image (os/arch[/variant])"),
  privileged: bool("Give all capabilities and devices"),
  publish: list("Publish a port ([[ip:]host port:]port[/protocol])", { short: "p" }),
  "publish-all": bool("Publish all exposed ports to ports the engine chooses", { short: "P" }),
  pull: string("When to pull the image: always, missing or never", { initial: "missing" }),
  quiet: bool("Do not show the progress of a pull", { short: "q" }),
  "read-only": bool("Make the root file system read-only"),
  restart: string("When to restart: no, on-failure[:max], on-unhealthy[:max], always, unless-stopped", {
    initial: "no",
  }),
  rm: bool("Remove the container when it ends"),
  runtime: string("OCI runtime to use"),
  "security-opt": list("Security option"),
  "shm-size": bytes("Size of /dev/shm"),
  "stop-signal": string("Signal that stops the container"),
  "stop-timeout": int("Seconds to wait before it is killed"),
  "storage-opt": list("Option of the storage driver (key=value)"),
  sysctl: checkedList("Kernel parameter (key=value)", sysctl, { valueName: "map" }),
  tmpfs: list("Directory in memory (path[:options])"),
  tty: bool("Give the container a terminal", { short: "t" }),
  ulimit: checkedList("Limit of a resource (name=soft[:hard])", checkedBy(parseUlimit), { valueName: "ulimit" }),
  user: string("User, or user:group, by name or number", { short: "u" }),
  userns: string("User namespace"),
  uts: string("UTS namespace"),
  volume: list("Bind a directory or volume (source:target[:options])", { short: "v" }),
  "volume-driver": string("Driver of volumes that are made on the way"),
  "volumes-from": list("Mount the volumes of another container"),
  workdir: string("Directory to start in", { short: "w" }),
} as const;

export type CreateValues = FlagValues<typeof createFlags>;
