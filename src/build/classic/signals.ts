import { constants } from "node:os";
import { EngineError } from "#core";

const lastSignal = 64;

/** A name with or without `SIG`, `RTMIN+n`, `RTMAX-n`, or a number. @throws EngineError `invalid` `invalid signal: x` */
export function checkSignal(text: string): void {
  if (/^\d+$/.test(text)) {
    if (Number(text) >= 1 && Number(text) <= lastSignal) return;
  } else {
    const name = text.toUpperCase().replace(/^SIG/, "");
    if (Object.hasOwn(constants.signals, `SIG${name}`)) return;
    if (/^(?:RTMIN(?:\+(?:\d|1[0-5]))?|RTMAX(?:-(?:\d|1[0-4]))?|CLD)$/.test(name)) return;
  }
  throw new EngineError("invalid", `invalid signal: ${text}`);
}
