import { describe, expect, test } from "bun:test";
import { parseContainerId, parseDigest, parseSnapshotKey, randomHexId, shortId, type Digest } from "./mod.ts";

const hex = "a".repeat(64);

describe("parseDigest", () => {
  test("takes sha256 and sha512 in lower case", () => {
    expect(parseDigest(`sha256:${hex}`)).toBe(`sha256:${hex}` as Digest);
    expect(parseDigest(`sha512:${hex}${hex}`)).toBe(`sha512:${hex}${hex}` as Digest);
  });

  test.each([
    "",
    "sha256:",
    hex,
    `md5:${hex}`,
    `sha256:${hex.toUpperCase()}`,
    `sha256:${hex}0`,
    "sha256:../../etc/passwd",
    `__proto__:${hex}`,
    `sha256:${hex}\n`,
  ])("refuses %p", (text) => {
    expect(() => parseDigest(text)).toThrow("invalid digest");
  });

  test("a plain string is no digest", () => {
    // @ts-expect-error only the parser makes a Digest
    const digest: Digest = "sha256:x";
    expect(digest).toBeString();
  });
});

test("a random id is a container id and its short form is no number", () => {
  const id = parseContainerId(randomHexId());
  expect(id).toHaveLength(64);
  expect(shortId(id)).toHaveLength(12);
  expect(shortId(`sha256:${hex}`)).toBe(hex.slice(0, 12));
});

test.each(["", "a/b", "../x", "a b", "x".repeat(161)])("snapshot key %p is refused", (text) => {
  expect(() => parseSnapshotKey(text)).toThrow("invalid snapshot key");
});
