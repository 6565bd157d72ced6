import { expect, test } from "bun:test";
import type { Connection } from "./connection.ts";
import { readHead } from "./http.ts";

/** What the daemon sends, piece by piece; `rest` is what was given back. */
function receiving(...pieces: string[]): { readonly connection: Connection; rest(): string } {
  let rest = "";
  const connection = {
    read: () => Promise.resolve(pieces.length === 0 ? undefined : Buffer.from(pieces.shift() ?? "")),
    unread: (bytes: Uint8Array) => void (rest = Buffer.from(bytes).toString()),
  } as unknown as Connection;
  return { connection, rest: () => rest };
}

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n";
const large = "x".repeat(300 * 1024);

test("much of a body may come with the head", async () => {
  const { connection, rest } = receiving(head, `\r\n${large}`);
  expect((await readHead(connection)).headers.get("content-type")).toBe("application/x-tar");
  expect(rest()).toBe(large);
});

test("a head has an end", async () => {
  const { connection } = receiving(head, large);
  expect(readHead(connection)).rejects.toThrow("the daemon's answer head is too long");
});
