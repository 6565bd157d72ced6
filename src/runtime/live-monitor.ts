import { existsSync } from "node:fs";
import { monitorAlive, TaskFiles } from "./task-files.ts";

/**
 * Pid of any monitor below a task root that still runs: it keeps the mount namespace of the engine that started it,
 * with the roots of all running containers. Undefined when none does.
 */
export function findLiveMonitor(taskRoot: string): number | undefined {
  if (!existsSync(taskRoot)) return undefined;
  const files = new TaskFiles(taskRoot);
  for (const id of files.list()) {
    const processes = files.readProcesses(id);
    if (processes !== undefined && monitorAlive(processes)) return processes.monitorPid;
  }
  return undefined;
}
