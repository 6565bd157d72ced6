import { expect, test } from "bun:test";
import type { Output } from "#term";
import { createCopyProgress } from "./copy-progress.ts";

function output(isTty: boolean): Output & { readonly text: () => string } {
  let text = "";
  return {
    isTty,
    write: (data) => void (text += Buffer.from(data as string).toString()),
    writeAsync: async () => undefined,
    size: () => undefined,
    text: () => text,
  };
}

/** Chunks of a kilobyte, with the time at which each comes. */
async function copyAt(out: Output, times: readonly number[], quiet = false): Promise<number> {
  let time = 0;
  const progress = createCopyProgress(out, "Copying - ", quiet, () => time);
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const at of times) {
      time = at;
      yield new Uint8Array(1000);
    }
  }
  for await (const _chunk of progress.count(source()));
  progress[Symbol.dispose]();
  return progress.bytes;
}

test("a copy that is over at once shows nothing", async () => {
  const out = output(true);
  expect(await copyAt(out, [0, 10, 74])).toBe(3000);
  expect(out.text()).toBe("");
});

test("a longer one redraws its line, not too often, and takes it away", async () => {
  const out = output(true);
  await copyAt(out, [0, 80, 90, 160]);
  expect(out.text()).toBe("\x1b[sCopying - 2kB\x1b[u\x1b[2KCopying - 4kB\x1b[u\x1b[2K");
});

test("nothing where nobody looks, or wants to", async () => {
  const [pipe, quiet] = [output(false), output(true)];
  expect(await copyAt(pipe, [0, 500])).toBe(2000);
  expect(await copyAt(quiet, [0, 500], true)).toBe(2000);
  expect(pipe.text() + quiet.text()).toBe("");
});
