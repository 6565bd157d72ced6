import { expect, test } from "bun:test";
import { dropUnsupported } from "./unsupported.ts";

test("a weight of block I/O without a kernel for it is dropped, with a warning", () => {
  const { host, warnings } = dropUnsupported({ BlkioWeight: 300, Memory: 1 }, () => false);
  expect(host).toEqual({ BlkioWeight: 0, Memory: 1 });
  expect(warnings).toHaveLength(1);
});

test("otherwise nothing changes", () => {
  expect(dropUnsupported({ BlkioWeight: 300 }, () => true)).toEqual({ host: { BlkioWeight: 300 }, warnings: [] });
  expect(dropUnsupported({}, () => false)).toEqual({ host: {}, warnings: [] });
});
