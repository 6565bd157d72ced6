import { EngineError } from "./errors.ts";

const firstRealtime = 34;
const lastRealtime = 64;
/** Linux's on every architecture but alpha, mips, parisc and sparc (signal(7)); the index is the number. A table of our own: `node:os` costs a client 0.6 ms. */
const linuxSignals =
  "0 HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );
const numbers = new Map(linuxSignals.slice(1).map((name, index) => [`SIG${name}`, index + 1]));
const names = new Map<number, string>([...numbers].map(([name, number]) => [number, name]));
for (const [alias, name] of [
  ["SIGIOT", "SIGABRT"],
  ["SIGPOLL", "SIGIO"],
  ["SIGCLD", "SIGCHLD"],
  ["SIGUNUSED", "SIGSYS"],
] as const) {
  numbers.set(alias, numbers.get(name) ?? 0);
}

/**
 * `TERM`, `sigterm`, `15`, `RTMIN+3`, `SIGRTMAX-1` → its number.
 * @throws EngineError `invalid` for anything else
 */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ""));
  if (number === undefined || number < 1 || number > lastRealtime) {
    throw new EngineError("invalid", `invalid signal: ${text}`);
  }
  return number;
}

function byName(bare: string): number | undefined {
  const realtime = /^RT(?:(MIN)(?:\+(\d{1,2}))?|(MAX)(?:-(\d{1,2}))?)$/.exec(bare);
  if (realtime === null) return numbers.get(`SIG${bare}`);
  const fromMin = firstRealtime + Number(realtime[2] ?? 0);
  const number = realtime[1] === undefined ? lastRealtime - Number(realtime[4] ?? 0) : fromMin;
  return number >= firstRealtime && number <= lastRealtime ? number : undefined;
}

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37; the bare number where there is no name. */
export function signalName(number: number): string {
  if (number === firstRealtime) return "SIGRTMIN";
  if (number === lastRealtime) return "SIGRTMAX";
  if (number > firstRealtime && number < lastRealtime) return `SIGRTMIN+${number - firstRealtime}`;
  return names.get(number) ?? String(number);
}
