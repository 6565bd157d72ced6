import { readdirSync } from "node:fs";
import { kill } from "#linux";
import { readText } from "./task-files.ts";

const sigkill = 9;
const sigstop = 19;

/** How long the OCI runtime may take to make a container; containerd's bound for the same. */
export const creationTimeoutMs = 120_000;

/** Ends a creation that takes too long, or that nobody wants any more. */
export interface CreationBound extends Disposable {
  /** Why it was ended; undefined when it was not. */
  readonly fault: string | undefined;
}

/**
 * Watches over a monitor and the OCI runtime below it, which may wait for ever for what an image or a volume holds (a FIFO
 * where a file is expected).
 */
export function boundCreation(monitorPid: number, timeoutMs: number, abort: AbortSignal | undefined): CreationBound {
  let fault: string | undefined;
  const end = (reason: string): void => {
    fault ??= reason;
    for (const pid of stoppedTree(monitorPid)) kill(pid, sigkill);
  };
  const giveUp = (): void => end("given up before it ended");
  const timer = setTimeout(() => end(`no end within ${timeoutMs / 1000} seconds`), timeoutMs);
  timer.unref();
  abort?.addEventListener("abort", giveUp);
  if (abort?.aborted === true) giveUp();
  return {
    get fault() {
      return fault;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      abort?.removeEventListener("abort", giveUp);
    },
  };
}

/** A process and its descendants (proc_pid_task_children(5)), each stopped before it is asked for its children: it makes no more. */
function stoppedTree(pid: number): number[] {
  kill(pid, sigstop);
  const below = threadsOf(pid).flatMap((thread) =>
    (readText(`/proc/${pid}/task/${thread}/children`) ?? "").split(" ").filter((child) => child !== ""),
  );
  return [pid, ...below.map(Number).flatMap(stoppedTree)];
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
