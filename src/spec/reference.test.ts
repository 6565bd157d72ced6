import { describe, expect, test } from "bun:test";
import { canonicalReference, familiarReference, parseReference, withDefaultTag } from "./mod.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseReference", () => {
  test.each([
    ["busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["user/repo:1", "docker.io/user/repo:1", "user/repo:1"],
    ["localhost/x", "localhost/x:latest", "localhost/x:latest"],
    ["host:5000/a/b:v1", "host:5000/a/b:v1", "host:5000/a/b:v1"],
    ["index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, `busybox@${digest}`],
    [`a.b/c:1@${digest}`, `a.b/c:1@${digest}`, `a.b/c:1@${digest}`],
    ["[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"],
  ])("%s is %s", (text, canonical, familiar) => {
    const reference = withDefaultTag(parseReference(text));
    expect<string>(canonicalReference(reference)).toBe(canonical);
    expect(familiarReference(reference)).toBe(familiar);
  });

  test.each([
    "",
    "a:",
    ":a",
    "A",
    "user/Repo",
    "a//b",
    "a/../b",
    "-a",
    "a@sha256:1",
    "a".repeat(64),
    "a b",
    "a:b:c",
    `${"a/".repeat(130)}a`,
  ])("refuses %p", (text) => {
    expect(() => parseReference(text)).toThrow(/invalid re(ference format|pository name)|must not be more/);
  });
});
