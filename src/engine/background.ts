import { messageOf, type Logger } from "#core";
import type { BackgroundTasks } from "./containers/context.ts";

/** Lets what has just been said reach its clients before clean-up takes the thread. */
export function afterAnswers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Pauses before a step is tried again: what fails for want of memory, processes or disk may work soon. */
const retryMs = [50, 500, 5000];

/** Runs clean-up that nobody waits for; failures are logged, and boot repairs what they left. */
export function createBackgroundTasks(logger: Logger): BackgroundTasks {
  const running = new Set<Promise<void>>();
  const closing = Promise.withResolvers<"closing">();
  return {
    run(what, task) {
      const settled: Promise<void> = task()
        .catch((error: unknown) => logger.log("warn", `${what} failed`, { error: messageOf(error) }))
        .finally(() => running.delete(settled));
      running.add(settled);
    },
    async retrying(what, step) {
      for (const waitMs of retryMs) {
        try {
          return await step();
        } catch (error) {
          logger.log("warn", `${what} failed and is tried again`, { error: messageOf(error), waitMs });
        }
        if ((await pauseUnless(closing.promise, waitMs)) === "closing") break;
      }
      await step();
    },
    async settle() {
      closing.resolve("closing");
      while (running.size > 0) await Promise.all(running);
    },
  };
}

async function pauseUnless<T>(event: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: elapsed, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([event, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
