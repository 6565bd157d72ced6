import { mkdtempSync, rmSync } from "node:fs";
import { encodeTarHeader, packEntries, tarPadding } from "./tar-write.ts";
import type { TarHeaderInit, TarInput } from "./types.ts";

/** A fresh directory with a canary beside the `root` that archives are unpacked into; removed on disposal. */
export function makeScratch(): Disposable & { readonly path: string } {
  const prefix = "/var/tmp/lighter-archive-";
  const path = mkdtempSync(prefix);
  return {
    path,
    [Symbol.dispose]() {
      if (path.startsWith(prefix)) rmSync(path, { recursive: true, force: true });
    },
  };
}

export type TestEntry = TarHeaderInit & { readonly body?: string | Uint8Array };

/** A tar of headers, each with an optional body. */
export async function tarOf(
  ...entries: readonly (TarHeaderInit & { readonly body?: string | Uint8Array })[]
): Promise<Uint8Array> {
  const inputs = entries.map(({ body, ...header }): TarInput => ({ header, ...(body !== undefined && { body }) }));
  return new Uint8Array(await new Response(packEntries(inputs)).arrayBuffer());
}

/** A stream of pieces of this size. */
export async function* inPieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** A pax record; its length counts its own digits. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  for (let length = rest.length + 1; ; length++) {
    const record = `${length}${rest}`;
    if (Buffer.byteLength(record) === length) return record;
  }
}

/** The same header with another type flag and a right checksum. */
export function retyped(header: Uint8Array, type: string): Uint8Array {
  const copy = Uint8Array.from(header);
  copy[156] = type.charCodeAt(0);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  copy.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `, "latin1"), 148);
  return copy;
}

/** Blocks of an extended header of these records. */
export function paxHeader(...records: readonly (readonly [string, string])[]): Uint8Array {
  const body = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(""));
  return Buffer.concat([
    retyped(encodeTarHeader({ path: "pax", size: body.length }), "x"),
    body,
    tarPadding(body.length),
  ]);
}
