import { EngineError } from "#core";
import { fileBounds } from "./config.ts";
import type { LogSink } from "./sink.ts";
import { detailAttributes, type LogSubject } from "./subject.ts";

/** What a driver needs of the host. */
export interface LogHost {
  /** journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). */
  readonly journalSocket: string;
  /** Where a syslog daemon of this host may listen. */
  readonly syslogSockets: readonly string[];
}

/** Drivers that have nothing to send: what they keep is the spool. */
export function sends(driver: string): boolean {
  return driver !== "local" && driver !== "none";
}

/**
 * Connects a container's driver.
 * @param state what the sink kept last
 * @throws EngineError when an option is wrong or nobody listens
 */
export async function openSink(subject: LogSubject, host: LogHost, state: unknown): Promise<LogSink> {
  switch (subject.config.Type) {
    case "json-file": {
      const { JsonFileSink } = await import("./json-file.ts");
      return new JsonFileSink(subject.jsonFile, fileBounds(subject.config), await detailAttributes(subject), state);
    }
    case "journald": {
      const { openJournal } = await import("./journald.ts");
      return openJournal(subject, host.journalSocket);
    }
    case "syslog": {
      const { openSyslog } = await import("./syslog.ts");
      return openSyslog(subject, host.syslogSockets);
    }
    case "fluentd": {
      const { openFluentd } = await import("./fluentd.ts");
      return openFluentd(subject);
    }
    default:
      throw new EngineError("internal", `no log driver ${subject.config.Type}`);
  }
}

/** What is wrong with the options of a driver, as Docker finds at create. @throws EngineError `invalid` */
export async function checkDriverOptions(type: string, config: Readonly<Record<string, string>>): Promise<void> {
  if (type === "syslog") (await import("./syslog-options.ts")).parseSyslogOptions(config);
  if (type === "fluentd") (await import("./fluentd-options.ts")).parseFluentdOptions(config);
}
