import { bool, bytes, checkedList, int, list, string, type FlagValues } from "../framework/flags.ts";
import type { QueryValue } from "#client";
import { keyValues } from "../container/text-files.ts";

function checkTag(text: string): string {
  const repository = text.split("@")[0]?.replace(/:[^/:]*$/, "") ?? "";
  if (repository !== repository.toLowerCase() && !/^[^/]*[A-Z][^/]*\//.test(repository)) {
    const full = repository.includes("/") ? repository : `library/${repository}`;
    throw new Error(`invalid reference format: repository name (${full}) must be lowercase`);
  }
  if (!/^[\w.:/-]+(?:@[a-z\d+._-]+:[0-9a-f]{32,})?$/.test(text) || /[:/]$/.test(text))
    throw new Error("invalid reference format");
  return text;
}

export const buildFlags = {
  "add-host": list("Add a line to the hosts file of RUN (host:ip)"),
  "build-arg": list("Value of an ARG (NAME=value, or NAME to pass it on)"),
  "cache-from": list("Image whose layers count as cache", { valueName: "strings" }),
  "cgroup-parent": string("Cgroup to put RUN's into"),
  compress: bool("Send the context compressed"),
  "cpu-period": int("Period of the CPU quota in microseconds"),
  "cpu-quota": int("CPU time for each period in microseconds"),
  "cpu-shares": int("Relative share of CPU time", { short: "c" }),
  "cpuset-cpus": string("CPUs to run on (0-3, 0,1)"),
  "cpuset-mems": string("Memory nodes to use (0-3, 0,1)"),
  "disable-content-trust": bool("Accepted for Docker's sake", { initial: true, hidden: true }),
  file: string("The Dockerfile; default PATH/Dockerfile, - for stdin", { short: "f" }),
  "force-rm": bool("Remove containers of RUN also after a failure"),
  iidfile: string("Write the image's ID to this file"),
  isolation: string("Isolation technology"),
  label: list("Label of the image (key=value)"),
  memory: bytes("Most memory of RUN", { short: "m" }),
  "memory-swap": bytes("Memory and swap of RUN together; -1 for no limit of swap"),
  network: string("Network of RUN", { initial: "default" }),
  "no-cache": bool("Do not use the cache"),
  platform: string("Platform of the image (os/arch[/variant])"),
  pull: bool("Pull the base image although it is there"),
  quiet: bool("Print only the image's ID", { short: "q" }),
  rm: bool("Remove containers of RUN", { initial: true }),
  "security-opt": list("Security option of RUN", { valueName: "strings" }),
  "shm-size": bytes("Size of /dev/shm"),
  squash: bool("Make one layer of the new ones"),
  tag: checkedList("Name of the image (name[:tag])", checkTag, { short: "t" }),
  target: string("Stage to build"),
  ulimit: list("Limit of a resource (name=soft[:hard])", { valueName: "ulimit" }),
} as const;

export type BuildValues = FlagValues<typeof buildFlags>;

/** The flags as parameters of `POST /build`. `own` are variables that ARGs without a value take. */
export function buildQuery(
  flags: BuildValues,
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, QueryValue>> {
  const json = (value: object): string | undefined =>
    Object.keys(value).length > 0 ? JSON.stringify(value) : undefined;
  return {
    version: "1",
    t: flags.tag,
    nocache: flags["no-cache"],
    pull: flags.pull,
    rm: flags.rm ? "1" : "0",
    forcerm: flags["force-rm"],
    squash: flags.squash,
    buildargs: json(buildArguments(flags["build-arg"], own)),
    labels: json(keyValues(flags.label)),
    cachefrom: json(flags["cache-from"].flatMap((item) => item.split(","))),
    target: flags.target,
    platform: flags.platform,
    networkmode: flags.network,
    extrahosts: flags["add-host"],
    cgroupparent: flags["cgroup-parent"],
    cpuperiod: flags["cpu-period"],
    cpuquota: flags["cpu-quota"],
    cpushares: flags["cpu-shares"],
    cpusetcpus: flags["cpuset-cpus"],
    cpusetmems: flags["cpuset-mems"],
    memory: flags.memory,
    memswap: flags["memory-swap"],
    shmsize: flags["shm-size"],
    isolation: flags.isolation,
    ulimits: json(flags.ulimit.map(ulimitOf)),
    securityopt: json(flags["security-opt"]),
  };
}

/** `NAME` takes the client's own value; null means the client has none. */
function buildArguments(
  items: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    items.map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, own[item] ?? null] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

function ulimitOf(text: string): Readonly<Record<string, unknown>> {
  const [Name = "", limits = ""] = text.split("=");
  const [soft = "", hard = soft] = limits.split(":");
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}
