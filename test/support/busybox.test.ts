import { expect, test } from "bun:test";
import { busyboxImage } from "./busybox.ts";

test("the image is made once, and its names are those of its contents", async () => {
  const image = await busyboxImage();
  expect(await busyboxImage()).toEqual(image);
  const list = (file: string): string[] => Bun.spawnSync(["tar", "-tf", file]).stdout.toString().split("\n");
  expect(list(image.rootTar)).toContain("./bin/sh");
  expect(list(image.rootTar)).toContain("./etc/passwd");
  const layers = list(image.archive);
  expect(layers).toContain("./manifest.json");
  expect(layers).toContain(`./${image.imageId.slice("sha256:".length)}.json`);
});
