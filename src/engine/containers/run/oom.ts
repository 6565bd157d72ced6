import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { isRunning, type ContainerRecord } from "../record.ts";

/**
 * A container with a limit of memory may lose a process to it and go on: that is told when it happens. Of one without a
 * limit it is told when it ends.
 */
export function watchMemory(context: ContainerContext, { id, hostConfig }: ContainerRecord): void {
  if ((hostConfig.Memory ?? 0) <= 0) return;
  context.deps.runtime.watchOom(id, () =>
    context.background.run("a container's lack of memory", () =>
      context.registry.exclusive(id, async () => {
        const record = context.registry.get(id);
        if (!record || !isRunning(record) || record.state.oomKilled) return;
        emitContainerEvent(context, context.registry.update(id, { oomKilled: true }), "oom");
      }),
    ),
  );
}
