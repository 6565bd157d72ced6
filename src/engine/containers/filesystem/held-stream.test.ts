import { describe, expect, test } from "bun:test";
import { heldStream } from "./held-stream.ts";

function source(chunks: readonly (string | Error)[]): { stream: ReadableStream<Uint8Array>; canceled: () => boolean } {
  let canceled = false;
  const rest = [...chunks];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = rest.shift();
        if (next instanceof Error) controller.error(next);
        else if (next === undefined) controller.close();
        else controller.enqueue(Buffer.from(next));
      },
      cancel: () => void (canceled = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, canceled: () => canceled };
}

function counted(): Disposable & { readonly times: () => number } {
  let times = 0;
  return { times: () => times, [Symbol.dispose]: () => void times++ };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const bytes of body) text += Buffer.from(bytes).toString();
  return text;
}

describe("heldStream", () => {
  test("gives back at the end, and only then tells that it finished", async () => {
    const held = counted();
    let finished = 0;
    const body = await heldStream(source(["a", "b"]).stream, held, () => void finished++);
    expect(held.times()).toBe(0);
    expect(await textOf(body)).toBe("ab");
    expect([held.times(), finished]).toEqual([1, 1]);
    await body.cancel();
    expect(await textOf(body)).toBe("");
    expect([held.times(), finished]).toEqual([1, 1]);
  });

  test("gives back when it fails", async () => {
    const held = counted();
    const body = await heldStream(source(["a", new Error("disk")]).stream, held);
    expect(await textOf(body).catch(String)).toBe("Error: disk");
    expect(held.times()).toBe(1);
  });

  test("what cannot be begun fails at once, and gives back", async () => {
    const held = counted();
    expect(await heldStream(source([new Error("gone")]).stream, held).catch(String)).toBe("Error: gone");
    expect(held.times()).toBe(1);
  });

  test("gives back when the reader leaves", async () => {
    const held = counted();
    const { stream, canceled } = source(["a", "b"]);
    for await (const _bytes of await heldStream(stream, held)) break;
    expect([held.times(), canceled()]).toEqual([1, true]);
  });

  test("gives back when nobody ever reads", async () => {
    const held = counted();
    const { stream, canceled } = source(["a"]);
    await (await heldStream(stream, held)).cancel();
    expect([held.times(), canceled()]).toEqual([1, true]);
  });
});
