import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StreamAnswer } from "#client";
import type { Context } from "./command.ts";
import { writeTar } from "./tar-output.ts";

const directory = mkdtempSync(`/tmp/lighter-test-${process.pid}-save`);
afterAll(() => rmSync(directory, { recursive: true }));

const context = { cwd: directory } as Context;
const open = async (): Promise<StreamAnswer> => ({ body: new Blob(["tar"]).stream() }) as unknown as StreamAnswer;

test("the file is its owner's alone", async () => {
  await writeTar(context, "out.tar", "save", open);
  expect(readFileSync(join(directory, "out.tar"), "utf8")).toBe("tar");
  expect(statSync(join(directory, "out.tar")).mode & 0o777).toBe(0o600);
});

test("a place that cannot be is told before anything is asked for", async () => {
  const never = (): never => {
    throw new Error("asked");
  };
  await expect(writeTar(context, ".", "save", never)).rejects.toThrow(
    "failed to save image: cannot write to a directory",
  );
  await expect(writeTar(context, "no/x", "save", never)).rejects.toThrow(
    "failed to save image: invalid output path: stat no: no such file or directory",
  );
});
