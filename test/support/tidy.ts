import type { TestEngine } from "./engine.ts";
import type { Sandbox } from "./sandbox.ts";
import { readEngineState } from "./state.ts";
import { until } from "./until.ts";

/** On a busy machine the kernel ends namespaces late. */
const patienceMs = 30_000;

/** Waits until rows and machine agree. @throws Error with a line for each thing that is left or missing */
export async function untilTidy(box: Sandbox, daemonPid: number): Promise<void> {
  const faults = (): readonly string[] => readEngineState(box, daemonPid).faults;
  await until(() => faults().length === 0, "all is given back", patienceMs).catch((error: unknown) => {
    throw new Error(["rows and machine differ:", ...faults()].join("\n"), { cause: error });
  });
}

/** Removes all containers with their volumes, and waits until nothing of them is left. */
export async function clearContainers(engine: Pick<TestEngine, "box" | "daemon" | "docker">): Promise<void> {
  const ids = (await engine.docker(["ps", "-aq"])).split("\n").filter((id) => id !== "");
  if (ids.length > 0) await engine.docker(["rm", "-f", "-v", ...ids]);
  await untilTidy(engine.box, engine.daemon.pid);
}
