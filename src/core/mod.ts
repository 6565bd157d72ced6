/**
 * core: what every other folder may use. Ids and their parsers, the error vocabulary, the clock, the logger,
 * and the few concurrency shapes the engine needs. No I/O.
 */
export { AsyncQueue } from "./async-queue.ts";
export type { Brand } from "./brand.ts";
export { formatRfc3339Nano, maxTimerMs, systemClock, zeroTime, type Clock } from "./clock.ts";
export { createKeyedMutex, createLimiter, createSingleFlight } from "./concurrency.ts";
export { formatAge, formatDuration, parseDuration } from "./duration.ts";
export { blaming, EngineError, isEngineError, messageOf, type ErrorCode } from "./errors.ts";
export { failpointNames, type FailpointName } from "./failpoint-names.ts";
export { armFailpoints, failpoint, type FailpointEffects } from "./failpoints.ts";
export * from "./ids.ts";
export { createLogger, logLevels, silentLogger, type LogFields, type Logger, type LogLevel } from "./logger.ts";
export { parseSignal, signalName } from "./signals.ts";
export { parseTime } from "./time.ts";
