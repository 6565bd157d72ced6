import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSnapshotKey } from "#core";
import { reconcileBuilds } from "../reconcile.ts";
import { chainOf } from "./stage.ts";
import { BuildBench, contextOf, tarInputs, type Files } from "./testing.ts";
import { packEntries } from "#archive";

const isRoot = process.getuid?.() === 0;
const body = "remote content\n";
const digest = `sha256:${new Bun.CryptoHasher("sha256").update(body).digest("hex")}`;

function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  const modified = { "last-modified": "Thu, 01 Jan 2015 00:00:00 GMT" };
  if (pathname === "/file.txt" || pathname === "/") return new Response(body, { headers: modified });
  if (pathname === "/junk") return new Response(new Uint8Array(2000).fill(7));
  if (pathname === "/data.tar") return new Response(contextOf("", { "in/x": "X" }));
  if (pathname === "/Dockerfile")
    return new Response("FROM base\nLABEL from=text\n", { headers: { "content-type": "text/plain" } });
  if (pathname === "/context.tar") {
    const files: Files = {
      keep: "k",
      "drop.log": "d",
      "sub/drop.log": "d",
      ".dockerignore": "**/*.log\n",
      "sub/stay": "s",
    };
    return new Response(contextOf("FROM base\nCOPY . /o\n", files));
  }
  return new Response("gone away", { status: 404, statusText: "Not Found" });
}

describe.skipIf(!isRoot)("URLs and hostile contexts", () => {
  let bench: BuildBench;
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
  beforeAll(async () => {
    bench = await BuildBench.open();
    await bench.base("base", packEntries(tarInputs({ "etc/": "", "etc/passwd": "root:x:0:0::/:\n" })));
  });
  afterAll(async () => {
    const left = bench.leftovers();
    await server.stop(true);
    await bench[Symbol.asyncDispose]();
    expect(left).toEqual([]);
  });

  test("ADD of a URL: name, mode, time; a tar stays one unless it is to be unpacked", async () => {
    const file = await bench.build(`FROM base\nADD ${url("/file.txt")} /d/\n`);
    expect((await bench.topLayer(file.image)).get("d/file.txt")).toMatchObject({
      mode: 0o600,
      text: body,
      mtimeNs: 1420070400n * 1_000_000_000n,
    });
    const tar = await bench.build(`FROM base\nADD ${url("/data.tar")} /d/\n`);
    expect((await bench.topLayer(tar.image)).get("d/data.tar")?.type).toBe("file");
    const unpacked = await bench.build(`FROM base\nADD --unpack ${url("/data.tar")} /d/\n`);
    expect((await bench.topLayer(unpacked.image)).get("d/in/x")?.text).toBe("X");
    const again = await bench.build(`FROM base\nADD ${url("/file.txt")} /d/\n`);
    expect(again.output).toContain("Using cache");
  });

  test("--checksum", async () => {
    const good = await bench.build(`FROM base\nADD --checksum=${digest} ${url("/file.txt")} /f\n`);
    expect(good.error).toBeUndefined();
    const bad = await bench.build(`FROM base\nADD --checksum=sha256:00 ${url("/file.txt")} /f\n`);
    expect(bad.error).toBe(`ADD failed: digest mismatch ${digest}: sha256:00`);
  });

  test("failures name the URL", async () => {
    expect((await bench.build(`FROM base\nADD ${url("/none")} /f\n`)).error).toBe(
      `ADD failed: failed to GET ${url("/none")} with status 404 Not Found: gone away`,
    );
    expect((await bench.build("FROM base\nADD http://127.0.0.1:1/x /f\n")).error).toStartWith(
      'ADD failed: Get "http://127.0.0.1:1/x": ',
    );
    expect((await bench.build(`FROM base\nADD ${url("/")} /d/\n`)).error).toBe(
      `ADD failed: cannot determine filename from url: ${url("/")}`,
    );
  });

  test("a remote context is a Dockerfile, or a tar that .dockerignore filters", async () => {
    const text = await bench.build("", {}, { remote: url("/Dockerfile") });
    expect(text.image?.config.config?.Labels).toEqual({ from: "text" });
    const tar = await bench.build("", {}, { remote: url("/context.tar") });
    expect([...(await bench.topLayer(tar.image)).keys()].toSorted()).toEqual([
      "o",
      "o/.dockerignore",
      "o/Dockerfile",
      "o/keep",
      "o/sub",
      "o/sub/stay",
    ]);
    await expect(bench.build("", {}, { remote: url("/junk") })).rejects.toThrow("unable to read the context");
  });

  test("links in a context lead nowhere outside of it", async () => {
    const link = (linkPath: string): Files[string] => ({ type: "symlink", linkPath });
    await expect(bench.build("", { Dockerfile: link("/etc/hostname") })).rejects.toThrow(
      "Cannot locate specified Dockerfile",
    );
    const files = { out: link("/etc/hostname"), up: link("../../../../etc"), "dir/in": link("/etc/hostname") };
    expect((await bench.build("FROM base\nCOPY out /x\n", files)).error).toContain("file not found in build context");
    expect((await bench.build("FROM base\nCOPY up/hostname /x\n", files)).error).toContain(
      "file not found in build context",
    );
    const kept = await bench.build("FROM base\nCOPY dir /x/\n", files);
    expect((await bench.topLayer(kept.image)).get("x/in")).toMatchObject({
      type: "symlink",
      linkPath: "/etc/hostname",
    });
    await expect(bench.build("FROM base\n", { "../evil": "x" })).rejects.toThrow();
  });

  test("boot removes what a killed engine left", async () => {
    const { host } = bench;
    const key = parseSnapshotKey("build-left");
    const mount = await host.snapshots.prepare(key, chainOf(host.images.resolve("base")));
    const target = mkdtempSync(join(host.scratch, "mount-"));
    host.mounter.mount(mount, target);
    writeFileSync(join(mkdtempSync(join(host.scratch, "context-")), "file"), "x");
    expect(await reconcileBuilds(host)).toEqual({ removedEntries: 2, removedSnapshots: 1 });
    expect(bench.leftovers()).toEqual([]);
    expect(await reconcileBuilds(host)).toEqual({ removedEntries: 0, removedSnapshots: 0 });
    expect((await bench.build("FROM base\nCOPY a /a\n", { a: "A" })).error).toBeUndefined();
  });
});
