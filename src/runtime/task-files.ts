import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { EngineError, failpoint, parseContainerId, type ContainerId } from "#core";
import { isAlive, processStartTime } from "#linux";
import type { OciProcess, OciSpec } from "#spec";
import type { TaskExit } from "./contract.ts";

/** What is written once, before anything runs, so that a later engine can clean up an interrupted create. */
export interface TaskRecord {
  /** Name and path of the OCI runtime that owns the task's state. */
  readonly runtime: string;
  readonly runtimePath: string;
  /** Directory below the root of the cgroups. */
  readonly cgroupsPath: string;
  readonly logPath: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
}

/**
 * Who runs: written once the runtime's create succeeded. Start times, counted from the host's boot, tell a reused pid (proc(5),
 * field 22 of stat); the boot's own id tells pids of an earlier boot.
 */
export interface TaskProcesses {
  /** Absent in what an engine wrote before there was this field. */
  readonly bootId?: string;
  readonly pid: number;
  readonly pidStartTime: number;
  readonly monitorPid: number;
  readonly monitorStartTime: number;
}

export interface TaskPaths {
  readonly directory: string;
  readonly spec: string;
  readonly record: string;
  readonly processes: string;
  readonly pid: string;
  readonly monitorPid: string;
  readonly attach: string;
  readonly windowSize: string;
  readonly control: string;
  readonly oom: string;
  readonly exit: string;
}

/** Tasks on disk: `<root>/<id>/` each, exit codes in `<root>/.exits/`, state of the OCI runtimes in `<root>/.state/`. */
export class TaskFiles {
  readonly root: string;
  readonly exits: string;
  readonly states: string;

  constructor(root: string) {
    // Directories are removed below it.
    if (!isAbsolute(root)) throw new EngineError("invalid", `task root ${JSON.stringify(root)} is not absolute`);
    this.root = root;
    this.exits = `${root}/.exits`;
    this.states = `${root}/.state`;
    mkdirSync(this.exits, { recursive: true, mode: 0o700 });
    mkdirSync(this.states, { recursive: true, mode: 0o700 });
  }

  paths(id: ContainerId): TaskPaths {
    const directory = `${this.root}/${id}`;
    return {
      directory,
      spec: `${directory}/config.json`,
      record: `${directory}/task.json`,
      processes: `${directory}/processes.json`,
      pid: `${directory}/pid`,
      monitorPid: `${directory}/conmon.pid`,
      attach: `${directory}/attach`,
      windowSize: `${directory}/winsz`,
      control: `${directory}/ctl`,
      oom: `${directory}/oom`,
      exit: `${this.exits}/${id}`,
    };
  }

  list(): ContainerId[] {
    return readdirSync(this.root)
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(parseContainerId);
  }

  /** Takes the id. @throws EngineError `conflict` when it has a task already */
  claim(id: ContainerId): void {
    try {
      mkdirSync(this.paths(id).directory, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new EngineError("conflict", `container ${id} has a task already`, { cause: error });
    }
  }

  writeBundle(id: ContainerId, record: TaskRecord, spec: OciSpec): TaskPaths {
    const paths = this.paths(id);
    writeFileSync(paths.record, JSON.stringify(record));
    writeFileSync(paths.spec, encodeOci(spec), { mode: 0o600 });
    return paths;
  }

  /** Undefined when the directory or its record is missing or torn (the engine died while it was written). */
  readRecord(id: ContainerId): TaskRecord | undefined {
    return readJson(this.paths(id).record) as TaskRecord | undefined;
  }

  writeProcesses(id: ContainerId, pid: number, monitorPid: number): TaskProcesses {
    const processes = {
      bootId: bootId(),
      pid,
      pidStartTime: processStartTime(pid) ?? 0,
      monitorPid,
      monitorStartTime: processStartTime(monitorPid) ?? 0,
    };
    writeFileSync(this.paths(id).processes, JSON.stringify(processes));
    return processes;
  }

  /** False until the runtime's create succeeded and was recorded. */
  isCreated(id: ContainerId): boolean {
    return existsSync(this.paths(id).processes);
  }

  /** True once nobody works on the creation any more: the OCI runtime is done or gone, and so is a monitor without a container. */
  isCreationSettled(id: ContainerId): boolean {
    const paths = this.paths(id);
    const [pid, monitorPid] = [readPid(paths.pid), readPid(paths.monitorPid)];
    // Until its start the container's first process still has the OCI runtime's arguments.
    const workers = processesOfTask(id).filter((worker) => worker !== pid);
    return workers.every((worker) => worker === monitorPid && pid !== undefined);
  }

  /** Also of a create that was interrupted before its record of them, as far as conmon and the runtime left pid files. */
  readProcesses(id: ContainerId): TaskProcesses | undefined {
    const paths = this.paths(id);
    const known = readJson(paths.processes) as TaskProcesses | undefined;
    if (known !== undefined) return known;
    const pid = readPid(paths.pid);
    const monitorPid = readPid(paths.monitorPid);
    if (monitorPid === undefined || !namesTask(monitorPid, id)) return undefined;
    return {
      bootId: bootId(),
      pid: pid ?? 0,
      pidStartTime: pid === undefined ? 0 : (processStartTime(pid) ?? 0),
      monitorPid,
      monitorStartTime: processStartTime(monitorPid) ?? 0,
    };
  }

  readExit(id: ContainerId): TaskExit | undefined {
    const paths = this.paths(id);
    const text = readText(paths.exit);
    if (text === undefined || !/^-?\d+/.test(text)) return undefined;
    return {
      id,
      exitCode: Number.parseInt(text, 10),
      exitedAtNs: statSync(paths.exit, { bigint: true }).mtimeNs,
      oomKilled: existsSync(paths.oom),
    };
  }

  /** For a task whose monitor died without a word. */
  writeExit(id: ContainerId, exitCode: number): void {
    writeFileSync(this.paths(id).exit, String(exitCode));
  }

  /** Of the execs of an earlier engine: nobody reads them any more, and a new engine may have the same pid. */
  removeExecFiles(id: ContainerId): void {
    const { directory } = this.paths(id);
    const names = readdirSync(directory).filter((name) => /^exec-\d+-\d+\.(json|pid|log)$/.test(name));
    for (const name of names) rmSync(`${directory}/${name}`, { force: true });
  }

  remove(id: ContainerId): void {
    const paths = this.paths(id);
    rmSync(paths.exit, { force: true });
    failpoint("discard.exit");
    rmSync(paths.directory, { recursive: true, force: true });
  }
}

const noLimit = new RegExp(`"(soft|hard)":${Number.MAX_SAFE_INTEGER}(?=[,}])`, "g");

/** JSON for an OCI runtime. "No limit" of an rlimit is 2^64 - 1, which no JavaScript number holds: it stands in as the largest exact one. */
export function encodeOci(value: OciSpec | OciProcess): string {
  // A quote inside a string is escaped, so that the pattern meets keys alone.
  return JSON.stringify(value).replaceAll(noLimit, '"$1":18446744073709551615');
}

/** False for what an earlier boot of the host left on a disk: none of its processes is alive, whoever has their pids now. */
export function isOfThisBoot(processes: TaskProcesses): boolean {
  return processes.bootId === undefined || processes.bootId === bootId();
}

let ownBootId: string | undefined;

/** random(4) */
function bootId(): string {
  return (ownBootId ??= readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "");
}

export function containerAlive(processes: TaskProcesses): boolean {
  return processes.pid > 0 && isOfThisBoot(processes) && isAlive(processes.pid, processes.pidStartTime);
}

export function monitorAlive(processes: TaskProcesses): boolean {
  return isOfThisBoot(processes) && isAlive(processes.monitorPid, processes.monitorStartTime);
}

/** Pids of the monitor and the OCI runtime at work on a task; looks at every process of the host. */
export function processesOfTask(id: ContainerId): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => namesTask(pid, id));
}

/** Whether a process was started for this task; the id is among conmon's arguments. */
function namesTask(pid: number, id: ContainerId): boolean {
  return readText(`/proc/${pid}/cmdline`)?.includes(`\0${id}\0`) === true;
}

function readPid(path: string): number | undefined {
  const pid = Number.parseInt(readText(path) ?? "", 10);
  return pid > 0 ? pid : undefined;
}

function readJson(path: string): unknown {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "ENODEV") return undefined;
    throw error;
  }
}
