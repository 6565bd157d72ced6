import { EngineError } from "#core";
import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({ fcntl: { args: ["i32", "i32", "i64"], returns: "i32" } });

export interface ListenFd {
  readonly fd: number;
  /** From FileDescriptorName= of the socket unit, `unknown` without. */
  readonly name: string;
}

export interface ListenEnvironment {
  readonly LISTEN_PID?: string | undefined;
  readonly LISTEN_FDS?: string | undefined;
  readonly LISTEN_FDNAMES?: string | undefined;
}

/** Sockets that the service manager passed to this process (sd_listen_fds(3)); they become close-on-exec. */
export function takeListenFds(environment: ListenEnvironment): readonly ListenFd[] {
  if (environment.LISTEN_PID !== String(process.pid)) return [];
  const count = Number(environment.LISTEN_FDS ?? 0);
  if (!Number.isInteger(count) || count < 0 || count > 1024) {
    throw new EngineError("invalid", `invalid LISTEN_FDS ${JSON.stringify(environment.LISTEN_FDS)}`);
  }
  const names = (environment.LISTEN_FDNAMES ?? "").split(":");
  return Array.from({ length: count }, (_, index) => {
    const fd = 3 + index;
    setCloseOnExec(fd, true);
    const name = names[index] ?? "";
    return { fd, name: name === "" ? "unknown" : name };
  });
}

/** Whether a descriptor closes when this process executes another program. */
export function setCloseOnExec(fd: number, enabled: boolean): void {
  const setFd = 2;
  check(libc.fcntl(fd, setFd, enabled ? 1 : 0), "fcntl", String(fd));
}
