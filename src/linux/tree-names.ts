/**
 * File names are bytes; strings are not. A byte that belongs to no UTF-8 sequence becomes the lone surrogate U+DC00 + byte
 * (as Python's "surrogateescape"), so that every name survives the way there and back.
 */
import { EngineError } from "#core";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of the bytes of a name; never fails. */
export function decodeName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.includes("\uFFFD") ? decodeStrict(bytes) : text;
}

function decodeStrict(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(length, 1);
  }
  return text;
}

/** Length of the valid UTF-8 sequence at a position; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch (error) {
    if (error instanceof TypeError) return 0;
    throw error;
  }
}

/** Bytes of a name that {@link decodeName} made, or of any ordinary text. @throws EngineError `invalid` for other lone surrogates */
export function encodeName(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(Buffer.of(code - 0xdc00));
    else if (code >= 0xd800 && code <= 0xdfff) throw new EngineError("invalid", `invalid name ${JSON.stringify(text)}`);
    else parts.push(Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** NUL-terminated {@link encodeName}. @throws EngineError `invalid` for a name with NUL */
export function nameBuffer(text: string): Buffer {
  if (text.includes("\0")) throw new EngineError("invalid", `NUL byte in ${JSON.stringify(text)}`);
  return text.isWellFormed() ? Buffer.from(`${text}\0`) : Buffer.concat([encodeName(text), Buffer.of(0)]);
}

/** {@link nameBuffer} of one component. @throws EngineError `invalid` when it is empty, `.`, `..` or has a slash */
export function componentBuffer(name: string): Buffer {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new EngineError("invalid", `not a single file name: ${JSON.stringify(name)}`);
  }
  return nameBuffer(name);
}

/** The descriptor, when it can be one: AT_FDCWD and other negatives would act on the current directory. @throws EngineError `internal` */
export function openDescriptor(descriptor: number): number {
  if (Number.isInteger(descriptor) && descriptor >= 0) return descriptor;
  throw new EngineError("internal", `not an open descriptor: ${descriptor}`);
}
