import { messageOf, type Logger } from "#core";
import type { BackgroundTasks } from "./containers/context.ts";

/** Runs clean-up that nobody waits for; failures are logged, and boot repairs what they left. */
export function createBackgroundTasks(logger: Logger): BackgroundTasks {
  const running = new Set<Promise<void>>();
  return {
    run(what, task) {
      const settled: Promise<void> = task()
        .catch((error: unknown) => logger.log("warn", `${what} failed`, { error: messageOf(error) }))
        .finally(() => running.delete(settled));
      running.add(settled);
    },
    async settle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
