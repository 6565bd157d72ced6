/** Messages between an unpack pool and its workers. */
import type { ErrorCode } from "#core";
import type { ExtractOptions, FileSource, UnpackResult } from "./types.ts";

export interface UnpackJob {
  readonly kind: "layer" | "plain";
  readonly source: FileSource;
  readonly root: string;
  readonly options: Omit<ExtractOptions, "signal">;
  /** One shared cell; anything but 0 stops the job, which then answers `canceled`. A busy thread reads no messages. */
  readonly canceled: Int32Array<SharedArrayBuffer>;
}

export type UnpackReply =
  | { readonly type: "done"; readonly result: UnpackResult }
  /** `code` is missing for anything but an EngineError. */
  | { readonly type: "failed"; readonly code?: ErrorCode; readonly message: string };
