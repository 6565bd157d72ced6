import { closeSync, openSync, watch, type FSWatcher } from "node:fs";
import { listSegments, statFile, type LogSegment } from "./log-chain.ts";

/** Those who wait for a log to grow, and what watches the file that its writer fills. */
interface Watched {
  watcher: FSWatcher | undefined;
  readonly wakes: Set<() => void>;
}

/** By the log's path. An inotify watch stays with its file, so that each rotation must move it for all at once. */
const watchedLogs = new Map<string, Watched>();

/** Calls `wake` after the log has grown or was rotated. The log must exist. */
export function watchLog(path: string, wake: () => void): Disposable {
  const watched = watchedLogs.get(path) ?? { watcher: watchNewest(path), wakes: new Set() };
  watchedLogs.set(path, watched);
  watched.wakes.add(wake);
  return {
    [Symbol.dispose]: () => {
      watched.wakes.delete(wake);
      if (watched.wakes.size > 0 || watchedLogs.get(path) !== watched) return;
      watched.watcher?.close();
      watchedLogs.delete(path);
    },
  };
}

/** To be called once the writer fills a new file. */
export function logRotated(path: string): void {
  const watched = watchedLogs.get(path);
  if (watched === undefined) return;
  watched.watcher?.close();
  watched.watcher = watchNewest(path);
  wakeAll(path);
}

function watchNewest(path: string): FSWatcher | undefined {
  const newest = statFile(path) ? path : listSegments(path).at(-1)?.path;
  return newest === undefined ? undefined : watch(newest, () => wakeAll(path));
}

function wakeAll(path: string): void {
  for (const wake of Array.from(watchedLogs.get(path)?.wakes ?? [])) wake();
}

/** Segments that a reader must not lose, by the log's path. */
const pins = new Map<string, Set<LogPin>>();

/** `firm`: kept whatever it costs, as an attached client must see every byte. `soft`: kept while its reader is not far behind. */
export type PinStrength = "firm" | "soft";

/** Keeps segments from `segment` on. */
export interface LogPin extends Disposable {
  segment: number;
  readonly strength: PinStrength;
  /** Once the log's files were removed: what is left of them for this reader, by paths that hold while the pin does. */
  taken: readonly LogSegment[] | undefined;
}

export function pinLog(path: string, segment: number, strength: PinStrength): LogPin {
  const all = pins.get(path) ?? new Set();
  pins.set(path, all);
  const pin: LogPin = {
    segment,
    strength,
    taken: undefined,
    [Symbol.dispose]: () => {
      all.delete(pin);
      for (const { descriptor } of held.get(pin) ?? []) closeSync(descriptor);
      held.delete(pin);
      if (all.size === 0 && pins.get(path) === all) pins.delete(path);
    },
  };
  all.add(pin);
  return pin;
}

interface HeldSegment extends LogSegment {
  readonly descriptor: number;
}

const held = new WeakMap<LogPin, readonly HeldSegment[]>();

/** To be called right before the files of a log are removed: who reads it goes on to its end. */
export function logRemoved(path: string): void {
  for (const pin of pins.get(path) ?? []) {
    if (pin.taken) continue;
    const rest = listSegments(path).filter(({ number }) => number >= pin.segment);
    const segments = rest.map((segment): HeldSegment => {
      const descriptor = openSync(segment.path, "r");
      return { ...segment, path: `/proc/self/fd/${descriptor}`, descriptor };
    });
    held.set(pin, segments);
    pin.taken = segments;
  }
}

/** The oldest segment that somebody keeps so; infinite when nobody does. */
export function oldestPin(path: string, strength: PinStrength): number {
  let oldest = Infinity;
  for (const pin of pins.get(path) ?? []) if (pin.strength === strength) oldest = Math.min(oldest, pin.segment);
  return oldest;
}
