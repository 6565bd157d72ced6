import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { takeBody } from "./http-upgrade-body.ts";

const chunked = { "transfer-encoding": "chunked" };

/** The body and the rest, where the bytes after `head` arrive one by one. */
async function take(headers: Readonly<Record<string, string>>, text: string, head: number): Promise<readonly string[]> {
  const socket = new PassThrough();
  const cut = takeBody(socket, Buffer.from(text.slice(0, head)), headers);
  for (const byte of text.slice(head)) socket.push(byte);
  const { body, rest } = await cut;
  return [Buffer.from(body).toString(), Buffer.from(rest).toString()];
}

test("with a length", async () => {
  expect(await take({ "content-length": "3" }, "{1}stdin", 8)).toEqual(["{1}", "stdin"]);
  expect(await take({ "content-length": "3" }, "{1}", 1)).toEqual(["{1}", ""]);
  expect(await take({}, "stdin", 5)).toEqual(["", "stdin"]);
});

test("in chunks, wherever the packets end", async () => {
  const text = "2\r\n{1\r\n1;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\n";
  for (let head = 0; head <= text.length; head++) expect(await take(chunked, text, head)).toEqual(["{1}", ""]);
  expect(await take(chunked, `${text}stdin`, text.length + 5)).toEqual(["{1}", "stdin"]);
});

test("what is malformed or cut short is refused", async () => {
  await expect(take(chunked, "zz\r\n", 4)).rejects.toThrow('invalid chunk size "zz"');
  const socket = new PassThrough();
  const cut = takeBody(socket, Buffer.from("{"), { "content-length": "3" });
  socket.end();
  await expect(cut).rejects.toThrow("request body cut short");
});
