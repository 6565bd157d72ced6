import { maxTimerMs, type ContainerId } from "#core";
import type { WaitResponse } from "#spec";
import type { WaitCondition } from "../../contract.ts";
import type { ContainerContext } from "../context.ts";
import { isActive, isRunning } from "../record.ts";
import type { ContainerSignal } from "./signals.ts";

/** Registers at once; the promise settles when the condition holds, and never after the signal aborts. */
export function waitContainer(
  context: ContainerContext,
  ref: string,
  condition: WaitCondition,
  signal: AbortSignal,
): { readonly result: Promise<WaitResponse> } {
  const record = context.registry.find(ref);
  if (condition === "not-running" && !isActive(record))
    return { result: Promise.resolve(answer(record.state.exitCode)) };
  return { result: untilSignal(context, record.id, (heard) => exitCodeOf(condition, heard), signal) };
}

function exitCodeOf(condition: WaitCondition, heard: ContainerSignal): number | undefined {
  if (heard.kind === "removed") return heard.exitCode;
  return heard.kind === "exited" && condition !== "removed" ? heard.exitCode : undefined;
}

function untilSignal(
  context: ContainerContext,
  id: ContainerId,
  test: (heard: ContainerSignal) => number | undefined,
  signal: AbortSignal,
): Promise<WaitResponse> {
  return new Promise((resolve) => {
    const listening = context.signals.listen(id, (heard) => {
      const exitCode = test(heard);
      if (exitCode === undefined) return;
      listening[Symbol.dispose]();
      resolve(answer(exitCode));
    });
    signal.addEventListener("abort", () => listening[Symbol.dispose](), { once: true });
  });
}

function answer(exitCode: number): WaitResponse {
  return { StatusCode: exitCode, Error: null };
}

/** Resolves with true when the container stops (or is gone) within the time, with false when the time is over. */
export function stopsWithin(
  context: ContainerContext,
  id: ContainerId,
  timeoutMs: number | undefined,
): Promise<boolean> {
  const record = context.registry.get(id);
  if (!record || !isRunning(record)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer =
      timeoutMs === undefined || timeoutMs > maxTimerMs ? undefined : setTimeout(() => finish(false), timeoutMs);
    const listening = context.signals.listen(id, ({ kind }) => {
      // Killed before its start was done, it ends as a start that failed.
      if (kind !== "started") finish(true);
    });
    const finish = (stopped: boolean): void => {
      clearTimeout(timer);
      listening[Symbol.dispose]();
      resolve(stopped);
    };
  });
}
