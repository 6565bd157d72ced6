import { constants, closeSync, openSync, writeSync } from "node:fs";
import { EngineError, type ContainerId } from "#core";
import { connectSeqpacket, SyscallError } from "#linux";
import type { StdinSink } from "./contract.ts";
import type { TaskPaths } from "./task-files.ts";

/**
 * A writer to a task's stdin through conmon's attach socket. `end` makes conmon close the container's stdin, unless
 * it was started with --leave-stdin-open. What the container prints is not read here; the log has it.
 * @throws EngineError `conflict` when nothing listens, so when the task has ended
 */
export function openTaskStdin(id: ContainerId, paths: TaskPaths): StdinSink {
  const socket = connect(id, paths);
  socket.shutdownRead();
  let ended = false;
  return {
    write: async (chunk) => {
      if (!ended) await socket.send(chunk);
    },
    end: () => {
      if (ended) return;
      ended = true;
      const close = (): void => socket[Symbol.dispose]();
      // A monitor that has gone has closed the stdin already.
      void socket.shutdownWrite().then(close, close);
    },
  };
}

function connect(id: ContainerId, paths: TaskPaths): ReturnType<typeof connectSeqpacket> {
  try {
    return connectSeqpacket(paths.attach);
  } catch (error) {
    if (error instanceof SyscallError || (error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new EngineError("conflict", `container ${id} is not running`, { cause: error });
    }
    throw error;
  }
}

/**
 * Sets the size of a task's terminal through conmon's `winsz` FIFO (`<height> <width>\n`).
 * @throws EngineError `conflict` when no monitor reads it
 */
export function resizeTask(
  id: ContainerId,
  paths: TaskPaths,
  size: { readonly height: number; readonly width: number },
): void {
  if (!writeFifo(paths.windowSize, `${size.height} ${size.width}\n`)) {
    throw new EngineError("conflict", `container ${id} is not running`);
  }
}

/** Makes conmon open its log's path anew (message type 2 of its `ctl` FIFO). @returns false when no monitor reads it */
export function reopenTaskLog(paths: TaskPaths): boolean {
  return writeFifo(paths.control, "2 0 0\n");
}

/** @returns false when nobody reads it */
function writeFifo(path: string, message: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "ENXIO") throw error;
    return false;
  }
  try {
    writeSync(fd, message);
    return true;
  } finally {
    closeSync(fd);
  }
}
