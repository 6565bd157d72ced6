import { CliError } from "../framework/command.ts";

const named: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };
const standard = "ctrl-p,ctrl-q";

/** Bytes of a key sequence such as `ctrl-p,ctrl-q`; empty text means the standard one. @throws CliError */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from((text === "" ? standard : text).split(","), (key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1]?.toLowerCase();
    if (control !== undefined) return named[control] ?? control.charCodeAt(0) - 96;
    if (key.length !== 1) throw new CliError(`invalid detach keys (${text}) provided`, 1);
    return key.charCodeAt(0);
  });
}

/** Finds the sequence in what is typed, also across reads. Keys that began it and did not go on are passed on. */
export class DetachFilter {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** The bytes to send, and whether the sequence is complete. */
  push(bytes: Uint8Array): { readonly send: Uint8Array; readonly detached: boolean } {
    const send: number[] = [];
    for (const byte of bytes) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { send: Uint8Array.from(send), detached: true };
        continue;
      }
      send.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) send.push(byte);
    }
    return { send: Uint8Array.from(send), detached: false };
  }
}
