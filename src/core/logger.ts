export const logLevels = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

/** Writes `time=… level=… msg=…` lines (logfmt, as dockerd does) at or above a level, which may change. */
export function createLogger(
  minimum: LogLevel | (() => LogLevel),
  write: (line: string) => void,
  base: LogFields = {},
): Logger {
  const floor = (): number => logLevels.indexOf(typeof minimum === "string" ? minimum : minimum());
  return {
    log(level, message, fields = {}) {
      if (logLevels.indexOf(level) < floor()) return;
      write(formatLine(level, message, { ...base, ...fields }));
    },
    with: (fields) => createLogger(minimum, write, { ...base, ...fields }),
  };
}

export const silentLogger: Logger = { log: () => undefined, with: () => silentLogger };

function formatLine(level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date().toISOString();
  const extra = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${quote(String(value))}`);
  return `time=${time} level=${level} msg=${quote(message)}${extra.join("")}\n`;
}

function quote(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
