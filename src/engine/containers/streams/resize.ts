import { EngineError } from "#core";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { isRunning } from "../record.ts";

/** @throws EngineError `conflict` when it does not run */
export function resizeContainer(
  context: ContainerContext,
  ref: string,
  size: { readonly height: number; readonly width: number },
): void {
  const record = context.registry.find(ref);
  if (!isRunning(record)) throw new EngineError("conflict", `container ${record.id} is not running`);
  context.deps.runtime.resize(record.id, size);
  emitContainerEvent(context, record, "resize", { height: String(size.height), width: String(size.width) });
}
