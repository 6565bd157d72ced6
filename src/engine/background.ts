import { messageOf, type Logger } from "#core";
import type { BackgroundTasks } from "./containers/context.ts";

/** Lets what has just been said reach its clients before clean-up takes the thread. */
export function afterAnswers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

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
