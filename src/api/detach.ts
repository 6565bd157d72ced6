import { EngineError } from "#core";

/** What a client types to leave a session without ending it. */
const defaultKeys = "ctrl-p,ctrl-q";

/**
 * Bytes of a key sequence as Docker writes it: single characters and `ctrl-` with a letter or one of `@[\]^_`,
 * separated by commas. The empty text means `ctrl-p,ctrl-q`.
 * @param called as Docker calls them: those of an exec are `escape` keys
 * @throws EngineError `invalid` with Docker's text
 */
export function parseDetachKeys(text: string, called: "detach" | "escape" = "detach"): Uint8Array {
  const keys = (text === "" ? defaultKeys : text).split(",").map(keyByte);
  if (keys.includes(undefined)) throw new EngineError("invalid", `Invalid ${called} keys (${text}) provided`);
  return Uint8Array.from(keys, Number);
}

function keyByte(key: string): number | undefined {
  if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
  const match = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key);
  return match?.[1] === undefined ? undefined : match[1].charCodeAt(0) & 0x1f;
}

/** Watches typed bytes for a detach sequence. */
export interface DetachFilter {
  /**
   * Bytes to pass on, and whether the sequence is complete: then the rest of the chunk is dropped. A beginning of the
   * sequence is held back until the next byte decides.
   */
  push(chunk: Uint8Array): { readonly data: Uint8Array; readonly detached: boolean };
  /** What is still held back, when the input ends. */
  flush(): Uint8Array;
}

/** Finds the sequence even where it spans chunks or a part of it repeats (Knuth, Morris, Pratt). */
export function createDetachFilter(keys: Uint8Array): DetachFilter {
  const borders = borderTable(keys);
  let matched = 0;
  return {
    push(chunk) {
      if (matched === 0 && !chunk.includes(keys[0] ?? -1)) return { data: chunk, detached: false };
      const out: number[] = [];
      for (const byte of chunk) {
        while (matched > 0 && keys[matched] !== byte) {
          const border = borders[matched - 1] ?? 0;
          out.push(...keys.subarray(0, matched - border));
          matched = border;
        }
        if (keys[matched] === byte) matched++;
        else out.push(byte);
        if (matched === keys.length) return { data: Uint8Array.from(out), detached: true };
      }
      return { data: Uint8Array.from(out), detached: false };
    },
    flush() {
      const held = keys.slice(0, matched);
      matched = 0;
      return held;
    },
  };
}

/** For every prefix, the length of its longest proper suffix that is a prefix too. */
function borderTable(keys: Uint8Array): readonly number[] {
  const table = [0];
  let border = 0;
  for (let at = 1; at < keys.length; at++) {
    while (border > 0 && keys[at] !== keys[border]) border = table[border - 1] ?? 0;
    if (keys[at] === keys[border]) border++;
    table.push(border);
  }
  return table;
}
