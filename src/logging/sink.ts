import type { LogMessage } from "./message.ts";

/** Where a driver's messages go. */
export interface LogSink extends Disposable {
  /**
   * Resolves once all have been handed over; after a failure the same messages come again.
   * @param save keeps the sink's own state of this moment, which belongs to the position before these messages
   */
  write(messages: readonly LogMessage[], save: (state: unknown) => void): Promise<void>;
  /** What is kept with the position after all that was written. */
  state(): unknown;
}
