import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createLogger, parseContainerId, randomHexId, systemClock, type ContainerId } from "#core";
import type { ContainerConfig, HostConfig, OciSpec } from "#spec";
import { readCgroupHost, removeCgroup } from "./cgroup.ts";
import { createSpec, openRuntime, readOutput, readSpecHost, type Runtime, type TaskExit } from "./mod.ts";

/** Of this test process. */
const cgroupParent = `/lighter-test-${process.pid}`;

/** A task root and a busybox root file system in a temporary directory, for tests on the real kernel. */
export class RuntimeBench implements AsyncDisposable {
  readonly directory = mkdtempSync("/tmp/lighter-runtime-");
  readonly rootfs = `${this.directory}/rootfs`;
  readonly taskRoot = `${this.directory}/tasks`;
  readonly logs: string[] = [];
  readonly #exits = new Map<ContainerId, PromiseWithResolvers<TaskExit>>();
  readonly #ids: ContainerId[] = [];
  runtime!: Runtime;
  readonly #defaultRuntime: string;

  constructor(defaultRuntime: string) {
    this.#defaultRuntime = defaultRuntime;
    for (const name of ["bin", "etc", "proc", "sys", "dev", "tmp", "root"]) {
      mkdirSync(`${this.rootfs}/${name}`, { recursive: true });
    }
    cpSync("/bin/busybox", `${this.rootfs}/bin/busybox`);
    const applets =
      "sh cat echo sleep true false printf id ls seq dd head yes touch stty ps kill grep mkdir mount hostname unshare wc tail tr";
    for (const applet of applets.split(" ")) symlinkSync("busybox", `${this.rootfs}/bin/${applet}`);
  }

  async open(): Promise<this> {
    this.runtime = await this.openRuntime();
    this.runtime.onExit((exit) => this.#slot(exit.id).resolve(exit));
    return this;
  }

  /** Another engine on the same root. */
  async openRuntime(): Promise<Runtime> {
    return openRuntime({
      taskRoot: this.taskRoot,
      runtimes: { crun: { path: "/usr/bin/crun" }, runc: { path: "/usr/sbin/runc" } },
      defaultRuntime: this.#defaultRuntime,
      logger: createLogger("warn", (line) => this.logs.push(line)),
      clock: systemClock,
    });
  }

  id(): ContainerId {
    const id = parseContainerId(randomHexId());
    this.#ids.push(id);
    return id;
  }

  spec(id: ContainerId, config: ContainerConfig, hostConfig: HostConfig = {}): OciSpec {
    return createSpec({
      config,
      hostConfig,
      user: { uid: 0, gid: 0, additionalGids: [], home: "/root" },
      rootfs: this.rootfs,
      hostname: id.slice(0, 12),
      network: { kind: "none" },
      mounts: [],
      cgroupsPath: `${cgroupParent}/${id}`,
      host: readSpecHost(),
    }).spec;
  }

  logPath(id: ContainerId): string {
    return `${this.directory}/${id}.log`;
  }

  async create(config: ContainerConfig, hostConfig: HostConfig = {}): Promise<ContainerId> {
    const id = this.id();
    await this.runtime.create({
      id,
      spec: this.spec(id, config, hostConfig),
      runtime: "",
      logPath: this.logPath(id),
      tty: config.Tty === true,
      openStdin: config.OpenStdin === true,
      stdinOnce: config.StdinOnce === true,
    });
    return id;
  }

  async start(config: ContainerConfig, hostConfig: HostConfig = {}): Promise<ContainerId> {
    const id = await this.create(config, hostConfig);
    await this.runtime.start(id);
    return id;
  }

  async exit(id: ContainerId): Promise<TaskExit> {
    return this.#slot(id).promise;
  }

  /** Runs to the end. */
  async run(
    config: ContainerConfig,
    hostConfig: HostConfig = {},
  ): Promise<{ readonly exit: TaskExit; readonly stdout: string; readonly stderr: string }> {
    const id = await this.start(config, hostConfig);
    const exit = await this.exit(id);
    const output = await this.output(id);
    await this.runtime.delete(id);
    return { exit, ...output };
  }

  async output(id: ContainerId): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const text = { stdout: "", stderr: "" };
    for await (const { stream, data } of readOutput(this.logPath(id), {}, new AbortController().signal)) {
      text[stream] += Buffer.from(data).toString("latin1");
    }
    return text;
  }

  /** Reads the log until it holds the text. */
  async waitFor(id: ContainerId, text: string): Promise<void> {
    const stop = new AbortController();
    const follow = { ended: new Promise<never>(() => undefined) };
    let seen = "";
    for await (const { data } of readOutput(this.logPath(id), { follow }, stop.signal)) {
      seen += Buffer.from(data).toString("latin1");
      if (seen.includes(text)) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#ids) await this.runtime.delete(id);
    await this.runtime[Symbol.asyncDispose]();
    removeCgroup(readCgroupHost(), cgroupParent);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #slot(id: ContainerId): PromiseWithResolvers<TaskExit> {
    const known = this.#exits.get(id);
    if (known !== undefined) return known;
    const slot = Promise.withResolvers<TaskExit>();
    this.#exits.set(id, slot);
    return slot;
  }
}

/** Directories of a container's cgroup that still exist, in any tree. */
export function cgroupsOf(id: ContainerId): string[] {
  const trees = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, target = ""]) => `${target}${cgroupParent}/${id}`);
  return trees.filter((path) => existsSync(path));
}
