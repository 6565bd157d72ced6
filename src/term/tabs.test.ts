import { expect, test } from "bun:test";
import { alignTabs, ellipsis, formatBinarySize, formatSize, parseBinarySize, tableTabs, wrapText } from "./mod.ts";

test("columns are as wide as their widest cell and three spaces, at least ten; the last cell is left alone", () => {
  const text = "ID\tNAME\tX\nabc\ta-rather-long-name\ty\n";
  expect(alignTabs(text, tableTabs)).toBe("ID        NAME                 X\nabc       a-rather-long-name   y\n");
});

test("a line without a cell ends the column above it", () => {
  expect(alignTabs("aaaaaaaaaaaaaaaa\tx\nplain\nb\ty\n", tableTabs)).toBe("aaaaaaaaaaaaaaaa   x\nplain\nb         y\n");
});

test("a column of empty cells has no width", () => {
  expect(alignTabs("\tx\n\ty\n", tableTabs)).toBe("x\ny\n");
});

test.each([
  [0, "0B"],
  [999, "999B"],
  [1984172, "1.984MB"],
  [1000, "1kB"],
  [12_345_678_901, "12.35GB"],
  [132_900_000, "132.9MB"],
])("%p bytes in four digits", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  [1984172, "1.98MB"],
  [633_400_000, "633MB"],
  [4830, "4.83kB"],
  [999_999, "1e+03kB"],
])("%p bytes in three digits, as Go prints them", (bytes, text) => {
  expect(formatSize(bytes, 3)).toBe(text);
});

test("binary sizes", () => {
  expect(formatBinarySize(2_095_944_040)).toBe("1.952GiB");
  expect(parseBinarySize("1.5g")).toBe(1_610_612_736);
  expect(parseBinarySize("64MiB")).toBe(67_108_864);
  expect(parseBinarySize("512")).toBe(512);
  expect(() => parseBinarySize("1x")).toThrow("invalid suffix: 'x'");
  expect(() => parseBinarySize("x")).toThrow("invalid size: 'x'");
});

test("ellipsis and wrapping", () => {
  expect(ellipsis("sleep 1000000", 6)).toBe("sleep…");
  expect(ellipsis("short", 5)).toBe("short");
  expect(wrapText("aa bb cc", 5)).toEqual(["aa bb", "cc"]);
});
