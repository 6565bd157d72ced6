/**
 * logging: what becomes of a container's log once its monitor has written it. The monitor's file is the *spool*: `logs` and
 * attach read it whatever the driver. Here it is kept within bounds ({@link Logging} rotates it) and carried to the sink of the
 * container's driver: Docker's JSON file, journald, syslog or fluentd.
 */
export { checkLogConfig, effectiveLogConfig, logDrivers, type LogConfig } from "./config.ts";
export { Logging, type LoggingOptions } from "./logging.ts";
export { checkDriverOptions, type LogHost } from "./open-sink.ts";
export { detailAttributes, type LogSubject } from "./subject.ts";
