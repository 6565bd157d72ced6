import { statSync } from "node:fs";
import { sendUnixDatagram } from "#linux";
import { formatRfc3339Nano } from "#core";
import { initError } from "./config.ts";
import type { LogMessage } from "./message.ts";
import type { LogSink } from "./sink.ts";
import { extraAttributes, tagOf, type LogSubject } from "./subject.ts";

const [informational, error] = ["6", "3"];
const fullQueueMs = 10;

/** @throws EngineError as Docker's where there is no journald */
export async function openJournal(subject: LogSubject, socket: string): Promise<LogSink> {
  if (statSync(socket, { throwIfNoEntry: false })?.isSocket() !== true)
    throw initError("journald is not enabled on this host");
  const tag = await tagOf(subject);
  const common = {
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    SYSLOG_IDENTIFIER: tag,
    ...Object.fromEntries(Object.entries(extraAttributes(subject)).map(([name, value]) => [fieldName(name), value])),
  };
  return new JournalSink(socket, encodeFields(common));
}

/** journald's own protocol: a datagram of fields for each message (systemd.io/JOURNAL_NATIVE_PROTOCOL). */
class JournalSink implements LogSink {
  readonly #socket: string;
  readonly #common: Buffer;
  #partialId = "";

  constructor(socket: string, common: Buffer) {
    this.#socket = socket;
    this.#common = common;
  }

  [Symbol.dispose](): void {
    // Each datagram has a socket of its own.
  }

  state(): undefined {
    return undefined;
  }

  async write(messages: readonly LogMessage[]): Promise<void> {
    for (const message of messages) {
      const datagram = Buffer.concat([this.#common, encodeFields(this.#fieldsOf(message))]);
      while (!sendUnixDatagram(this.#socket, datagram)) await Bun.sleep(fullQueueMs);
    }
  }

  #fieldsOf({ stream, text, timeNs, partial }: LogMessage): Readonly<Record<string, string | Buffer>> {
    if (partial?.ordinal === 1) this.#partialId = crypto.randomUUID().replaceAll("-", "");
    return {
      PRIORITY: stream === "stdout" ? informational : error,
      SYSLOG_TIMESTAMP: formatRfc3339Nano(timeNs),
      MESSAGE: text,
      ...(partial && {
        CONTAINER_PARTIAL_ID: this.#partialId,
        CONTAINER_PARTIAL_ORDINAL: String(partial.ordinal),
        CONTAINER_PARTIAL_LAST: String(partial.isLast),
        ...(partial.isLast ? {} : { CONTAINER_PARTIAL_MESSAGE: "true" }),
      }),
    };
  }
}

/** Letters, digits and underscores, and no underscore first: what journald takes from a client. */
function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, "_")
    .replace(/^_+/, "");
}

/** `NAME=value\n`, or for a value with a newline its name, a newline, its length in 64 bits and its bytes. */
function encodeFields(fields: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const bytes = Buffer.from(value as string);
    if (!bytes.includes(0x0a)) return [Buffer.from(`${name}=`), bytes, newline];
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return [Buffer.from(`${name}\n`), length, bytes, newline];
  });
  return Buffer.concat(parts);
}

const newline = Buffer.from("\n");
