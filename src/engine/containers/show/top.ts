import { EngineError, isEngineError } from "#core";
import { hostProcesses } from "#runtime";
import type { TopResponse } from "#spec";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { isRunning, refuseRestarting } from "../record.ts";

/** `docker top`: the host's `ps` output, only the container's processes. @throws EngineError `conflict` when it does not run */
export async function topContainer(context: ContainerContext, ref: string, psArgs: string): Promise<TopResponse> {
  const record = context.registry.find(ref);
  refuseRestarting(record);
  if (!isRunning(record)) throw new EngineError("conflict", `container ${record.id} is not running`);
  const pids = context.deps.runtime.processes(record.id);
  const processes = selectProcesses(await tableOf(psArgs.split(/\s+/).filter(Boolean), pids), new Set(pids));
  emitContainerEvent(context, record, "top");
  return processes;
}

/**
 * Asked for these processes, ps shows them whatever else is asked, such as columns alone; some arguments do not go with
 * that, and then it shows what they say.
 */
async function tableOf(args: readonly string[], pids: readonly number[]): Promise<string> {
  if (pids.length === 0) return hostProcesses(args);
  try {
    return await hostProcesses([...args, `-q${pids.join(",")}`]);
  } catch (error) {
    if (!isEngineError(error, "invalid")) throw error;
    return hostProcesses(args);
  }
}

/** Rows of a `ps` table whose PID is in the set; the last column keeps its blanks. @throws EngineError `internal` without a PID column */
function selectProcesses(table: string, pids: ReadonlySet<number>): TopResponse {
  const [header = "", ...lines] = table.split("\n").filter((line) => line.trim() !== "");
  const Titles = header.trim().split(/\s+/);
  const pidColumn = Titles.indexOf("PID");
  if (pidColumn < 0) throw new EngineError("internal", "Couldn't find PID field in ps output");
  const rows = lines.map((line) => splitRow(line, Titles.length));
  return { Titles, Processes: rows.filter((row) => pids.has(Number(row[pidColumn]))) };
}

function splitRow(line: string, columns: number): string[] {
  const words = line.trim().split(/\s+/);
  return words.length <= columns ? words : [...words.slice(0, columns - 1), words.slice(columns - 1).join(" ")];
}
