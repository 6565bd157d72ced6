import { initError } from "./config.ts";
import { parseFluentdOptions, type FluentdOptions } from "./fluentd-options.ts";
import type { LogMessage } from "./message.ts";
import { encodeMsgpack, EventTime, type MsgpackValue } from "./msgpack.ts";
import type { LogSink } from "./sink.ts";
import { dialError, StreamConnection } from "./stream-connection.ts";
import { extraAttributes, tagOf, type LogSubject } from "./subject.ts";

/** @throws EngineError when nobody listens, unless `fluentd-async` */
export async function openFluentd(subject: LogSubject): Promise<LogSink> {
  const options = parseFluentdOptions(subject.config.Config);
  const sink = new FluentdSink(subject, options, await tagOf(subject));
  if (!options.isAsync) await sink.connect();
  return sink;
}

/** Fluentd's forward protocol, version 1, in its message mode. */
class FluentdSink implements LogSink {
  readonly #options: FluentdOptions;
  readonly #tag: string;
  readonly #common: Readonly<Record<string, string>>;
  #connection: StreamConnection | undefined;
  #partialId = "";

  constructor(subject: LogSubject, options: FluentdOptions, tag: string) {
    this.#options = options;
    this.#tag = tag;
    this.#common = {
      container_id: subject.id,
      container_name: `/${subject.name}`,
      ...extraAttributes(subject),
    };
  }

  [Symbol.dispose](): void {
    this.#connection?.[Symbol.dispose]();
  }

  state(): undefined {
    return undefined;
  }

  async connect(): Promise<StreamConnection> {
    const { target } = this.#options;
    try {
      return (this.#connection ??= await StreamConnection.open(target));
    } catch (error) {
      const [network, address] = "path" in target ? ["unix", target.path] : ["tcp", `${target.host}:${target.port}`];
      throw initError(dialError(network ?? "", address ?? "", error));
    }
  }

  async write(messages: readonly LogMessage[]): Promise<void> {
    const connection = await this.connect();
    if (!this.#options.wantsAck)
      return connection.write(Buffer.concat(messages.map((message) => this.#encode(message))));
    for (const message of messages) {
      const chunk = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
      const answered = connection.answer(ackOf(chunk));
      // Heard below; a failed write must not leave it without a listener.
      answered.catch(() => undefined);
      await connection.write(this.#encode(message, chunk));
      await answered;
    }
  }

  #encode({ stream, text, timeNs, partial }: LogMessage, chunk?: string): Buffer {
    if (partial?.ordinal === 1) this.#partialId = crypto.randomUUID().replaceAll("-", "");
    const record: Record<string, MsgpackValue> = {
      ...this.#common,
      source: stream,
      log: text,
      ...(partial && {
        partial_message: "true",
        partial_id: this.#partialId,
        partial_ordinal: String(partial.ordinal),
        partial_last: String(partial.isLast),
      }),
    };
    const seconds = Number(timeNs / 1_000_000_000n);
    const time = this.#options.isPrecise ? new EventTime(seconds, Number(timeNs % 1_000_000_000n)) : seconds;
    return encodeMsgpack([this.#tag, time, record, ...(chunk === undefined ? [] : [{ chunk }])]);
  }
}

/** The server's answer is `{"ack": <chunk>}`; the text of the chunk occurs nowhere else. */
function ackOf(chunk: string): (bytes: Buffer) => true | undefined {
  let seen = Buffer.alloc(0);
  return (bytes) => {
    seen = Buffer.concat([seen, bytes]);
    return seen.includes(chunk) ? true : undefined;
  };
}
