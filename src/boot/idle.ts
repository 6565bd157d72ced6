import { messageOf, type Logger } from "#core";
import { releaseProgramText } from "#linux";

/** How often the engine's own processor time is looked at, and below what it counts as idle. */
const checkMs = 10_000;
const idleCpuMicros = 25_000;

/**
 * Gives memory back once after each time of work: garbage, and the program's own code. The first request after that takes
 * some 5 ms longer, so nothing is given back between requests that come one after another. Ends with `using`.
 */
export function trimWhenIdle(logger: Logger): Disposable {
  let last = process.cpuUsage();
  let trimmed = false;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    const idle = user + system < idleCpuMicros;
    if (idle && !trimmed) trim(logger);
    trimmed = idle;
    last = process.cpuUsage();
  }, checkMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function trim(logger: Logger): void {
  try {
    Bun.gc(true);
    releaseProgramText();
  } catch (error) {
    logger.log("debug", "memory cannot be given back", { error: messageOf(error) });
  }
}
