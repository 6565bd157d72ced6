import { listContainers, listImages, listNetworks, listVolumes } from "#client";
import type { ContainerSummary } from "#spec";
import type { Context } from "../framework/command.ts";

export interface Candidates {
  /** Each with a tab and what it is, or without. */
  readonly candidates: readonly string[];
  /** Names of files, too. */
  readonly files?: boolean;
}

type Source = (context: Context) => Promise<readonly string[]>;
type IsWanted = (state: ContainerSummary["State"]) => boolean;

const containers =
  (isWanted: IsWanted = () => true): Source =>
  async ({ client }) => {
    const rows = await listContainers(client, { all: true });
    return rows
      .filter(({ State }) => isWanted(State))
      .flatMap(({ Names }) => Names.filter((name) => !name.includes("/", 1)).map((name) => name.slice(1)));
  };
const is = (...states: readonly string[]): Source => containers((state) => states.includes(state));
const images: Source = async ({ client }) =>
  (await listImages(client)).flatMap(({ RepoTags }) => (RepoTags ?? []).filter((tag) => !tag.startsWith("<none>")));
const networks: Source = async ({ client }) => (await listNetworks(client)).map(({ Name }) => Name);
const volumes: Source = async ({ client }) => ((await listVolumes(client)).Volumes ?? []).map(({ Name }) => Name);
const contexts: Source = async ({ configDirectory }) => {
  const { listContexts } = await import("../context/store.ts");
  return ["default", ...listContexts(configDirectory).map(({ Name }) => Name)];
};
const anything: Source = async (context) =>
  (await Promise.all([containers(), images, networks, volumes].map((source) => source(context)))).flat();

const stopped = is("created", "exited", "dead");
const running = is("running");

/** What the arguments of a command are: `first` names the first one only, `each` all of them. */
const commandArguments: Readonly<
  Record<string, { readonly first?: Source; readonly each?: Source; readonly files?: boolean }>
> = {
  "container attach": { first: running },
  "container commit": { first: containers() },
  "container cp": { each: async (context) => (await containers()(context)).map((name) => `${name}:`), files: true },
  "container create": { first: images },
  "container diff": { first: containers() },
  "container exec": { first: running },
  "container export": { first: containers() },
  "container inspect": { each: containers() },
  "container kill": { each: is("running", "paused") },
  "container logs": { first: containers() },
  "container pause": { each: running },
  "container port": { first: containers() },
  "container rename": { first: containers() },
  "container restart": { each: containers() },
  "container rm": { each: stopped },
  "container run": { first: images },
  "container start": { each: is("created", "exited") },
  "container stats": { each: running },
  "container stop": { each: is("running", "paused", "restarting") },
  "container top": { first: running },
  "container unpause": { each: is("paused") },
  "container update": { each: containers() },
  "container wait": { each: containers() },
  "context inspect": { each: contexts },
  "context rm": { each: contexts },
  "context use": { first: contexts },
  "image build": { files: true },
  "image history": { first: images },
  "image import": { files: true },
  "image inspect": { each: images },
  "image rm": { each: images },
  "image save": { each: images },
  "image tag": { each: images },
  "network inspect": { each: networks },
  "network rm": { each: networks },
  "volume inspect": { each: volumes },
  "volume rm": { each: volumes },
  inspect: { each: anything },
  completion: { first: async () => ["bash", "zsh", "fish"] },
};

/** Candidates for the next argument behind `given`. @param written all words so far; what is there is not offered again */
export async function argumentCandidates(
  context: Context,
  path: readonly string[],
  given: readonly string[],
  written: ReadonlySet<string>,
): Promise<Candidates> {
  const name = path.join(" ");
  const { first, each, files = false } = commandArguments[name] ?? {};
  const isForced = name === "container rm" && ["-f", "--force"].some((flag) => written.has(flag));
  const pair = [networks, name === "network disconnect" ? containers() : running];
  const connects = name === "network connect" || name === "network disconnect";
  const source = connects
    ? pair[given.length]
    : isForced
      ? containers()
      : (each ?? (given.length === 0 ? first : undefined));
  const candidates = (await source?.(context)) ?? [];
  return { candidates: candidates.filter((candidate) => !given.includes(candidate)), files };
}

const modes =
  (...words: readonly string[]): Source =>
  async (context) => [...words, ...(await running(context)).map((name) => `container:${name}`)];
const words =
  (text: string): Source =>
  async () =>
    text.split(" ");

const flagValues: Readonly<Record<string, Source>> = {
  attach: words("stdin stdout stderr"),
  "cap-add": words(
    "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM",
  ),
  cgroupns: words("host private"),
  context: contexts,
  format: words("json table"),
  ipc: modes("host", "none", "private", "shareable"),
  link: containers(),
  "log-driver": words("fluentd journald json-file local none syslog"),
  "log-level": words("debug info warn error fatal"),
  net: networks,
  network: networks,
  pid: modes("host"),
  platform: words("linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/ppc64le linux/riscv64 linux/s390x"),
  pull: words("always missing never"),
  restart: words("no always on-failure on-unhealthy unless-stopped"),
  signal: words("ABRT ALRM CONT HUP INT KILL PIPE QUIT STOP TERM TSTP USR1 USR2 WINCH"),
  "stop-signal": words("ABRT ALRM HUP INT KILL PIPE QUIT TERM USR1 USR2 WINCH"),
  type: words("container image network volume"),
  userns: words("host auto"),
  uts: words("host"),
  "volumes-from": containers(),
};

/** Flags whose values are files, or begin with one. */
const fileFlags = new Set(
  "cidfile config device env-file file iidfile input label-file output tlscacert tlscert tlskey volume".split(" "),
);

/** Keys of `ps --filter`, and their values where those are few. */
const containerFilters: Readonly<Record<string, Source>> = {
  ancestor: images,
  before: containers(),
  exited: words("0"),
  expose: words(""),
  health: words("healthy unhealthy starting none"),
  id: words(""),
  "is-task": words("true false"),
  label: words(""),
  name: containers(),
  network: networks,
  publish: words(""),
  since: containers(),
  status: words("created dead exited paused removing restarting running"),
  volume: volumes,
};

/** Candidates for the value of a flag. */
export async function flagCandidates(
  context: Context,
  path: readonly string[],
  flag: string,
  current: string,
): Promise<Candidates> {
  if (flag === "filter" && path.join(" ") === "container ls")
    return { candidates: await filterCandidates(context, current) };
  if (flag === "cap-drop") return flagCandidates(context, path, "cap-add", current);
  const source = flagValues[flag];
  return source ? { candidates: await source(context) } : { candidates: [], files: fileFlags.has(flag) };
}

async function filterCandidates(context: Context, current: string): Promise<readonly string[]> {
  const at = current.indexOf("=");
  if (at < 0) return Object.keys(containerFilters).map((key) => `${key}=`);
  const key = current.slice(0, at);
  const values = (await containerFilters[key]?.(context)) ?? [];
  return values.filter((value) => value !== "").map((value) => `${key}=${value}`);
}
