import { messageOf, type Logger } from "#core";
import { releaseProgramText } from "#linux";

/** How often the engine's own processor time is looked at, and below what it counts as idle. */
const checkMs = 10_000;
const idleCpuMicros = 25_000;

/**
 * Gives garbage back once after each time of work, and after the first the code that only a start needs: what is used again
 * comes back on its next use (some 5 ms, once) and stays. Ends with `using`.
 */
export function trimWhenIdle(logger: Logger): Disposable {
  let last = process.cpuUsage();
  let trimmed = false;
  let started = false;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    const idle = user + system < idleCpuMicros;
    if (idle && !trimmed) {
      trim(logger, !started);
      started = true;
    }
    trimmed = idle;
    last = process.cpuUsage();
  }, checkMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function trim(logger: Logger, afterStart: boolean): void {
  try {
    Bun.gc(true);
    if (afterStart) releaseProgramText();
  } catch (error) {
    logger.log("debug", "memory cannot be given back", { error: messageOf(error) });
  }
}
