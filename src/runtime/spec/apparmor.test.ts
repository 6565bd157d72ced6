import { expect, test } from "bun:test";
import { apparmorProfile, parseProfiles } from "./apparmor.ts";

const apparmor = parseProfiles("docker-default (enforce)\n/usr/bin/man (complain)\nmy profile (enforce)\n");

test("the list is the kernel's", () => {
  expect(apparmor).toEqual(["docker-default", "/usr/bin/man", "my profile"]);
});

test.each([
  [{}, "docker-default"],
  [{ SecurityOpt: ["apparmor=mine"] }, "mine"],
  [{ SecurityOpt: ["apparmor=unconfined"] }, "unconfined"],
  [{ Privileged: true }, "unconfined"],
  [{ Privileged: true, SecurityOpt: ["apparmor=mine"] }, "mine"],
])("%j has %p", (host, profile) => {
  expect(apparmorProfile(host, { apparmor })).toBe(profile);
  expect(apparmorProfile(host, { apparmor: undefined })).toBeUndefined();
});

test("without a default profile there is none", () => {
  expect(apparmorProfile({}, { apparmor: [] })).toBeUndefined();
});
