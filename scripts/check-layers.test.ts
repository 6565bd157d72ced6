import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { removeTestTree } from "../test/support/remove.ts";
import { checkLayers } from "./check-layers.ts";
import { layers } from "./layers.ts";

let root: string;
let trees = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), `lighter-test-${process.pid}-layers-`));
});
afterAll(() => removeTestTree(root));

function plant(files: Readonly<Record<string, string>>): ReturnType<typeof checkLayers> {
  const tree = join(root, String(trees++));
  const manifest = { "package.json": JSON.stringify({ dependencies: { valibot: "1" } }) };
  for (const [path, text] of Object.entries({ ...manifest, ...files })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  return checkLayers(tree);
}

describe("planted faults", () => {
  const faults: readonly (readonly [name: string, path: string, text: string, expected: RegExp])[] = [
    ["import against the table", "src/core/a.ts", 'import { x } from "#store";', /core may import nothing/],
    ["type-only import", "src/api/a.ts", 'import type { X } from "#store";', /api may import core, spec, engine/],
    ["inline type import", "src/api/a.ts", 'type X = import("#linux").X;', /imports #linux/],
    ["re-export", "src/spec/a.ts", 'export * from "#linux";', /imports #linux/],
    ["named re-export", "src/spec/a.ts", 'export { x } from "#linux";', /imports #linux/],
    ["dynamic import", "src/spec/a.ts", 'await import("#linux");', /imports #linux/],
    ["template import", "src/spec/a.ts", "await import(`#linux`);", /imports #linux/],
    ["require", "src/spec/a.ts", 'require("#linux");', /imports #linux/],
    ["computed import", "src/cli/a.ts", "await import(name);", /computed path: name/],
    ["inner file", "src/api/a.ts", 'import { x } from "../engine/x.ts";', /inner file of another folder/],
    [
      "inner file in a test",
      "src/api/a.test.ts",
      'import { x } from "../engine/x.ts";',
      /inner file of another folder/,
    ],
    ["main past a door", "src/main.ts", 'await import("./cli/tree.ts");', /inner file of another folder/],
    ["own door", "src/api/a.ts", 'import { x } from "#api";', /its own door/],
    ["sub-door", "src/engine/a.ts", 'import { x } from "#snapshot/overlay";', /a sub-door is for boot and tests/],
    ["unknown door", "src/boot/a.ts", 'import { x } from "#nowhere";', /no such door/],
    ["unknown folder", "src/misc/a.ts", "export {};", /misc is not in the layer table/],
    ["test code in the product", "src/api/a.ts", 'import { x } from "./a-suite.ts";', /test code/],
    ["outside src", "src/api/a.ts", 'import { x } from "../../test/x.ts";', /outside src/],
    ["undeclared package", "src/api/a.ts", 'import { x } from "left/pad";', /not among the dependencies/],
    ["ffi", "src/archive/a.ts", 'import { dlopen } from "bun:ffi";', /foreign functions belongs to linux/],
    ["lazy ffi", "src/archive/a.ts", 'await import("bun:ffi");', /foreign functions/],
    ["spawn", "src/engine/a.ts", 'Bun.spawn(["x"]);', /starting processes/],
    ["imported spawn", "src/engine/a.ts", 'import { spawn } from "bun";', /starting processes/],
    ["shell", "src/engine/a.ts", 'import { $ } from "bun";', /starting processes/],
    ["child_process", "src/engine/a.ts", 'import * as c from "node:child_process"; c.exec("x");', /starting processes/],
    ["process.env", "src/cli/a.ts", "process.env.HOME;", /environment, arguments and exit/],
    ["quoted process.env", "src/cli/a.ts", 'process["env"];', /environment/],
    ["global process.exit", "src/cli/a.ts", "globalThis.process.exit(1);", /environment/],
    ["imported argv", "src/cli/a.ts", 'import { argv } from "node:process";', /environment/],
    ["renamed process", "src/cli/a.ts", 'import p from "node:process"; p.env;', /environment/],
    ["Bun.env", "src/cli/a.ts", "Bun.env.HOME;", /environment/],
    [
      "server",
      "src/api/a.ts",
      'import { createServer } from "node:http"; createServer();',
      /listening belongs to boot/,
    ],
    ["server of a default import", "src/api/a.ts", 'import http from "node:http"; http.createServer();', /listening/],
    ["Bun.serve", "src/api/a.ts", "Bun.serve({});", /listening/],
    ["fetch", "src/image/a.ts", 'await fetch("http://x");', /fetching/],
    ["console", "src/engine/a.ts", 'console.log("x");', /standard output/],
    ["long file", "src/core/a.ts", "//\n".repeat(501), /501 lines, at most 500/],
    ["long script", "scripts/a.ts", "//\n".repeat(501), /501 lines, at most 500/],
  ];
  test.each(faults)("%s", (_name, path, text, expected) => {
    const { violations } = plant({ [path]: text });
    expect(violations.filter((violation) => expected.test(violation))).not.toBeEmpty();
    expect(violations.every((violation) => violation.startsWith(`${path}:`))).toBeTrue();
  });
});

describe("what is allowed", () => {
  const fair: readonly (readonly [name: string, path: string, text: string])[] = [
    ["a door of the table", "src/archive/a.ts", 'import { x } from "#linux";'],
    ["a sub-door in boot", "src/boot/a.ts", 'import { x } from "#snapshot/overlay";'],
    ["a sub-door in a test", "src/engine/a.test.ts", 'import { x } from "#snapshot/overlay"; Bun.spawn([]);'],
    ["a relative path inside the folder", "src/network/bridge/a.ts", 'import { x } from "../ipam.ts";'],
    ["a role from main", "src/main.ts", 'await import("./boot/daemon.ts"); await import("./cli/mod.ts");'],
    ["a dependency", "src/spec/a.ts", 'import * as v from "valibot";'],
    ["a power where it belongs", "src/linux/a.ts", 'import { dlopen } from "bun:ffi"; Bun.spawnSync(["nft"]);'],
    ["a client of http", "src/client/a.ts", 'import { request } from "node:http"; request("x");'],
    ["a property that only sounds like a power", "src/engine/a.ts", "spec.process.env; spec.console.log; x.fetch();"],
    ["a file of 500 lines", "src/core/a.ts", "//\n".repeat(500)],
    ["a generated file of any length", "src/core/a.gen.ts", "//\n".repeat(5000)],
  ];
  test.each(fair)("%s", (_name, path, text) => {
    expect(plant({ [path]: text, "src/core/mod.ts": "export {};" }).violations).toEqual([]);
  });
});

test("an empty tree is refused", () => {
  const tree = join(root, "empty");
  mkdirSync(tree);
  writeFileSync(join(tree, "package.json"), "{}");
  const run = Bun.spawnSync([process.execPath, join(import.meta.dirname, "check-layers.ts"), tree]);
  expect(run.exitCode).toBe(1);
  expect(run.stderr.toString()).toBe("no source file found\n");
});

test("the table has no cycle and no unknown name", () => {
  const settled = new Set<string>();
  const visit = (folder: string, trail: readonly string[]): void => {
    if (settled.has(folder)) return;
    expect(trail).not.toContain(folder);
    const allowed = layers[folder];
    expect(allowed).toBeDefined();
    for (const next of allowed === "*" ? [] : (allowed ?? [])) visit(next, [...trail, folder]);
    settled.add(folder);
  };
  for (const folder of Object.keys(layers)) visit(folder, []);
});
