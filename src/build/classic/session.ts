import { formatRfc3339Nano, type Clock, type Logger } from "#core";
import type { ImageRecord } from "#image";
import type { ProgressMessage } from "#spec";
import type { Lease } from "#store";
import type { BuildHost } from "../host.ts";
import type { BuildOptions } from "../options.ts";
import type { StageState } from "./stage.ts";
import type { BuildPlan } from "./plan.ts";

/** One build while it runs. */
export interface BuildSession {
  readonly host: BuildHost;
  readonly options: BuildOptions;
  readonly plan: BuildPlan;
  /** Root of the context on disk. */
  readonly context: string;
  readonly scratch: string;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Images of `--cache-from` that are here. */
  readonly cacheFrom: readonly ImageRecord[];
  /** Stages that are done, by index. */
  readonly stages: StageState[];
  emit(message: ProgressMessage): void;
  /** A line of the classic stream. */
  print(text: string): void;
  /** Undefined, or a promise to wait for while the client is behind. */
  room(): Promise<void> | undefined;
  /** RFC 3339 with nanoseconds. */
  now(): string;
}

export function timestamp(clock: Clock): string {
  return formatRfc3339Nano(clock.nowNs());
}
