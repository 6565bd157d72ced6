import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { pipeline } from "node:stream/promises";
import { formatRfc3339Nano } from "#core";
import type { FileBounds } from "./config.ts";
import type { LogMessage } from "./message.ts";
import type { LogSink } from "./sink.ts";

/** Where the file was when the position beside it was saved. */
interface FileState {
  readonly inode: number;
  readonly length: number;
  /** Bytes made from what comes after the position that are in older files. */
  readonly skip: number;
}

/** Collected up to here before they are written. */
const writeBytes = 128 * 1024;

/**
 * Docker's `json-file`: a JSON object per line, rotated to `.1`, `.2`, …. After the death of an engine the bytes that its
 * last checkpoint does not know of are found by their number and not written again: the same messages give the same bytes.
 */
export class JsonFileSink implements LogSink {
  readonly #path: string;
  readonly #bounds: FileBounds;
  readonly #attributes: string;
  #fd: number;
  #size: number;
  /** Bytes that come again but are there already. */
  #skip: number;
  #compressing: Promise<void> = Promise.resolve();

  constructor(path: string, bounds: FileBounds, attributes: Readonly<Record<string, string>>, state: unknown) {
    this.#path = path;
    this.#bounds = bounds;
    const hasAny = Object.keys(attributes).length > 0;
    this.#attributes = hasAny ? `,"attrs":${encodeObject(attributes)}` : "";
    this.#fd = openSync(path, "a", 0o640);
    this.#size = fstatSync(this.#fd).size;
    this.#skip = this.#bytesBeyond(state as FileState | undefined);
    // An engine died while it compressed.
    if (bounds.compress && statSync(`${path}.1`, { throwIfNoEntry: false })) this.#compressing = gzip(`${path}.1`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  state(): FileState {
    return { inode: fstatSync(this.#fd).ino, length: this.#size - this.#skip, skip: 0 };
  }

  /** Once nothing is being compressed. */
  settled(): Promise<void> {
    return this.#compressing;
  }

  async write(messages: readonly LogMessage[], save: (state: unknown) => void): Promise<void> {
    let made = 0;
    let lines: string[] = [];
    let bytes = 0;
    const flush = (): void => {
      made += bytes;
      this.#append(Buffer.from(lines.join("")));
      lines = [];
      bytes = 0;
    };
    for (const message of messages) {
      if (this.#size + bytes - Math.min(this.#skip, bytes) >= this.#bounds.maxBytes) {
        flush();
        await this.#rotate(() => save({ ...this.state(), length: this.#size, skip: made + this.#skip }));
      }
      const line = this.#encode(message);
      lines.push(line);
      bytes += Buffer.byteLength(line);
      if (bytes >= writeBytes) flush();
    }
    flush();
  }

  #encode({ stream, timeNs, text, partial }: LogMessage): string {
    const content = text.toString("utf8") + (partial && !partial.isLast ? "" : "\n");
    const time = formatRfc3339Nano(timeNs).replace(/\.?0+Z$/, "Z");
    return `{"log":${encodeText(content)},"stream":"${stream}"${this.#attributes},"time":"${time}"}\n`;
  }

  #append(data: Buffer): void {
    const skipped = Math.min(this.#skip, data.length);
    this.#skip -= skipped;
    for (let at = skipped; at < data.length;) {
      const count = writeSync(this.#fd, data, at);
      at += count;
      this.#size += count;
    }
  }

  #bytesBeyond(state: FileState | undefined): number {
    if (state === undefined) return this.#size;
    const isSame = fstatSync(this.#fd).ino === state.inode && this.#size >= state.length;
    return state.skip + this.#size - (isSame ? state.length : 0);
  }

  /** Each step leaves a state that {@link JsonFileSink.#bytesBeyond} can tell from the ones around it. */
  async #rotate(save: () => void): Promise<void> {
    await this.#compressing;
    save();
    const next = openSync(`${this.#path}.new`, "w", 0o640);
    if (this.#bounds.maxFiles > 1) this.#shift();
    renameSync(`${this.#path}.new`, this.#path);
    closeSync(this.#fd);
    this.#fd = next;
    this.#size = 0;
    if (this.#bounds.compress && this.#bounds.maxFiles > 1) this.#compressing = gzip(`${this.#path}.1`);
  }

  #shift(): void {
    const suffix = this.#bounds.compress ? ".gz" : "";
    const name = (number: number): string => `${this.#path}.${number}${suffix}`;
    rmSync(name(this.#bounds.maxFiles - 1), { force: true });
    for (let number = this.#bounds.maxFiles - 2; number >= 1; number--) {
      if (statSync(name(number), { throwIfNoEntry: false })) renameSync(name(number), name(number + 1));
    }
    renameSync(this.#path, `${this.#path}.1`);
  }
}

async function gzip(path: string): Promise<void> {
  const { createGzip } = await import("node:zlib");
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`, { mode: 0o640 }));
  renameSync(`${path}.gz.tmp`, `${path}.gz`);
  rmSync(path, { force: true });
}

function encodeObject(entries: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${encodeText(name)}:${encodeText(value)}`).join(",")}}`;
}

/** As Go's encoder for HTML writes a text, which Docker's files have always had. */
function encodeText(text: string): string {
  return JSON.stringify(text).replace(/\\\\|\\"|\\[tbf]|[<>&\u2028\u2029]/g, (match) => goEscapes[match] ?? match);
}

const goEscapes: Readonly<Record<string, string>> = {
  "<": String.raw`\u003c`,
  ">": String.raw`\u003e`,
  "&": String.raw`\u0026`,
  "\u2028": String.raw`\u2028`,
  "\u2029": String.raw`\u2029`,
  [String.raw`\t`]: String.raw`\u0009`,
  [String.raw`\b`]: String.raw`\u0008`,
  [String.raw`\f`]: String.raw`\u000c`,
};
