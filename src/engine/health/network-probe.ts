import { EngineError, messageOf } from "#core";
import { probeHttp, probeTcp } from "#network";
import type { ContainerRecord } from "../containers/record.ts";
import type { Probe } from "./config.ts";
import type { ProbeOutcome } from "./contract.ts";

/** A probe that needs no process: the engine itself connects, from inside the container's network namespace. */
export async function networkProbe(
  { state }: ContainerRecord,
  probe: Exclude<Probe, { readonly kind: "exec" }>,
  abort: AbortSignal,
): Promise<ProbeOutcome> {
  const gone = Promise.resolve();
  const namespace = `/proc/${state.pid}/ns/net`;
  try {
    if (probe.kind === "tcp")
      return { exitCode: 0, output: await probeTcp({ namespace, ...probe.target }, abort), gone };
    const { status, line } = await probeHttp({ namespace, ...probe.target }, abort);
    return { exitCode: status >= 200 && status < 400 ? 0 : 1, output: line, gone };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { exitCode: abort.aborted ? -1 : 1, output: messageOf(error), gone };
  }
}
