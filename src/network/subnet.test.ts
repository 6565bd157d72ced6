import { describe, expect, test } from "bun:test";
import { formatIpv4, macOfIpv4, parseIpv4, parseSubnet } from "./subnet.ts";

describe("subnet", () => {
  test("clears host bits and finds both ends, above the sign bit too", () => {
    expect(parseSubnet("172.17.5.9/16")).toEqual({
      network: parseIpv4("172.17.0.0"),
      broadcast: parseIpv4("172.17.255.255"),
      prefixLength: 16,
    });
    expect(formatIpv4(parseSubnet("223.255.255.0/24").broadcast)).toBe("223.255.255.255");
  });

  test.each([
    "172.17.0.0",
    "172.17.0.0/33",
    "172.17.0.0/31",
    "1.2.3/8",
    "1.2.3.256/8",
    "01.2.3.4/8",
    "1.2.3.4/8/8",
    "::1/64",
  ])("refuses %s", (text) => expect(() => parseSubnet(text)).toThrow("invalid"));

  test("derives the MAC from the address", () => expect(macOfIpv4("172.17.0.10")).toBe("02:42:ac:11:00:0a"));
});
