/** Messages between an unpack pool and its workers. */
import type { ErrorCode } from "#core";
import type { ExtractOptions, FileSource, UnpackResult } from "./types.ts";

export interface UnpackJob {
  readonly type: "run";
  readonly kind: "layer" | "plain";
  readonly source: FileSource;
  readonly root: string;
  readonly options: Omit<ExtractOptions, "signal">;
}

/** Stops the job that runs; it answers `canceled`. */
export interface UnpackCancel {
  readonly type: "cancel";
}

export type UnpackReply =
  | { readonly type: "done"; readonly result: UnpackResult }
  /** `code` is missing for anything but an EngineError. */
  | { readonly type: "failed"; readonly code?: ErrorCode; readonly message: string };
