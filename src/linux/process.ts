import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, errno, ESRCH, long, SyscallError } from "./libc.ts";

const libc = bindLibc({
  kill: { args: ["i32", "i32"], returns: "i32" },
});
const pidfdOpenCall = bindLibc({ syscall: { args: ["i64", "i64", "i64"], returns: long } }).syscall;
const pidfdSignalCall = bindLibc({ syscall: { args: ["i64", "i64", "i64", "ptr", "i64"], returns: long } }).syscall;
const numbers = { pidfdSendSignal: 424, pidfdOpen: 434 } as const;

/** Sends a signal; false when no such process exists. @throws SyscallError */
export function kill(pid: number, signal: number): boolean {
  return sent(libc.kill(pid, signal), "kill", pid);
}

function sent(result: number, syscall: string, pid: number): boolean {
  if (result === 0) return true;
  const failure = errno();
  if (failure === ESRCH) return false;
  throw new SyscallError(syscall, failure, String(pid));
}

/** A handle on one process that a reused pid cannot fool; undefined when it is gone. @throws SyscallError */
export function pidfdOpen(pid: number): PidFd | undefined {
  const fd = Number(pidfdOpenCall(numbers.pidfdOpen, pid, 0));
  if (fd >= 0) return new PidFd(fd, pid);
  const failure = errno();
  if (failure === ESRCH) return undefined;
  throw new SyscallError("pidfd_open", failure, String(pid));
}

export class PidFd extends FileDescriptor {
  readonly pid: number;
  constructor(fd: number, pid: number) {
    super(fd);
    this.pid = pid;
  }

  /** False when the process has ended. */
  signal(signal: number): boolean {
    const result = pidfdSignalCall(numbers.pidfdSendSignal, this.fd, signal, null, 0);
    return sent(Number(result), "pidfd_send_signal", this.pid);
  }
}

/** What /proc/<pid>/stat says (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  /** `R`, `S`, `D`, `Z`, `T`, … */
  readonly state: string;
  readonly parentPid: number;
  /** As the reader's pid namespace numbers it; 0 when its leader's number is not visible there. */
  readonly processGroup: number;
  /** Clock ticks after boot: with the pid, the identity of a process. */
  readonly startTime: number;
}

/** Undefined when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const close = text.lastIndexOf(")"); // the name may hold spaces and brackets
  const fields = text.slice(close + 2).split(" ");
  return {
    pid,
    name: text.slice(text.indexOf("(") + 1, close),
    state: fields[0] ?? "",
    parentPid: Number(fields[1]),
    processGroup: Number(fields[2]),
    startTime: Number(fields[19]),
  };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** Field 22 of /proc/<pid>/stat; undefined when the process does not exist. */
export function processStartTime(pid: number): number | undefined {
  return readProcessStat(pid)?.startTime;
}

/** True while the process runs (a zombie does not) and, where a start time is given, is still the same one. */
export function isAlive(pid: number, startTime?: number): boolean {
  const stat = readProcessStat(pid);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return false;
  return startTime === undefined || stat.startTime === startTime;
}

/** What the open files of a process are, as the kernel names them; empty when it is gone. */
export function openFiles(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  return ifThere(() => readdirSync(directory), []).map((fd) => ifThere(() => readlinkSync(`${directory}/${fd}`), ""));
}

function ifThere<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return otherwise;
    throw error;
  }
}
