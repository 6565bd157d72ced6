import { expect, test } from "bun:test";
import { bool, bytes, filter, int, list, string } from "./flags.ts";
import { parseFlags } from "./parse-flags.ts";

const flags = {
  all: bool("", { short: "a" }),
  env: list("", { short: "e" }),
  filter: filter(),
  interactive: bool("", { short: "i" }),
  last: int("", { short: "n" }),
  memory: bytes("", { short: "m" }),
  name: string(""),
  proxy: bool("", { initial: true }),
  tty: bool("", { short: "t" }),
};

test("long, short, grouped, joined and repeated flags", () => {
  const { values, args, changed } = parseFlags(
    ["-it", "-ea=1", "--env", "b=2", "-n5", "--name=x=y", "arg", "-m", "1k", "--proxy=false"],
    flags,
  );
  expect(values).toMatchObject({
    interactive: true,
    tty: true,
    env: ["a=1", "b=2"],
    last: 5,
    name: "x=y",
    memory: 1024,
    proxy: false,
    all: false,
  });
  expect(args).toEqual(["arg"]);
  expect(changed.has("all")).toBe(false);
});

test("flags end at the first argument where they must, and at --", () => {
  expect(parseFlags(["-a", "img", "-x", "--foo"], flags, { interspersed: false }).args).toEqual(["img", "-x", "--foo"]);
  expect(parseFlags(["x", "--", "-a"], flags).args).toEqual(["x", "-a"]);
});

test("filters collect by key, which is trimmed and in lower case", () => {
  expect(parseFlags(["-f", " Label=a=b", "-f", "label=c"], flags).values["filter"]).toEqual({ label: ["a=b", "c"] });
});

test.each([
  [["--foo"], "unknown flag: --foo"],
  [["--constructor"], "unknown flag: --constructor"],
  [["-ax"], "unknown shorthand flag: 'x' in -ax"],
  [["--name"], "flag needs an argument: --name"],
  [["-n"], "flag needs an argument: 'n' in -n"],
  [["--=x"], "bad flag syntax: --=x"],
  [["-m", "1x"], `invalid argument "1x" for "-m, --memory" flag: invalid suffix: 'x'`],
  [["-a=maybe"], `invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax`],
  [["-n", "x"], `invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax`],
  [["-f", "x"], `invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)`],
])("%p is refused", (argv, message) => {
  expect(() => parseFlags(argv, flags)).toThrow(message);
});

test("help by -h only where -h is free", () => {
  expect(parseFlags(["-h"], flags).help).toBe(true);
  expect(parseFlags(["-h", "x"], { hostname: string("", { short: "h" }) }).values["hostname"]).toBe("x");
});
