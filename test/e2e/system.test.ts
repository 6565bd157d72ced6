import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

interface Usage {
  readonly LayersSize: number;
  readonly Images:
    | readonly { readonly Size: number; readonly SharedSize: number; readonly Containers: number }[]
    | null;
  readonly Containers: readonly { readonly Names: readonly string[]; readonly SizeRw: number }[] | null;
  readonly Volumes:
    | readonly { readonly Name: string; readonly UsageData: { readonly Size: number; readonly RefCount: number } }[]
    | null;
}

describe.skipIf(process.getuid?.() !== 0)("system", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
    const { docker } = engine;
    await docker(["build", "-t", "child", "-"], { stdin: "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=2\n" });
    const fill =
      "dd if=/dev/urandom of=/own bs=1M count=1; dd if=/dev/zero of=/v/x bs=1M count=3; yes line | head -n 200000";
    // What is still written behind a json-file would make it grow between two looks.
    await docker([
      "run",
      "--name",
      "full",
      "--log-driver",
      "local",
      "-l",
      "keep=yes",
      "-v",
      "data:/v",
      "busybox",
      "sh",
      "-c",
      fill,
    ]);
    await docker(["run", "-d", "--name", "up", "busybox", "sleep", "600"]);
    await docker(["volume", "create", "unused"]);
  }, 60_000);
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  async function usage(query = ""): Promise<Usage> {
    const response = await fetch(`http://d/system/df${query}`, { unix: engine.box.socket });
    return (await response.json()) as Usage;
  }

  async function du(...paths: readonly string[]): Promise<number> {
    const full = paths.map((path) => join(engine.box.dataRoot, path));
    const text = await Bun.spawn(["du", "-sc", "--block-size=1", ...full]).stdout.text();
    return Number.parseInt(text.trim().split("\n").at(-1) ?? "", 10);
  }

  test("df adds up to what du says, logs and blobs too", async () => {
    const { LayersSize, Images, Containers, Volumes } = await usage();
    const containers = (Containers ?? []).reduce((sum, { SizeRw }) => sum + SizeRw, 0);
    const volumes = (Volumes ?? []).reduce((sum, { UsageData }) => sum + UsageData.Size, 0);
    const total = LayersSize + containers + volumes;
    const onDisk = await du("content", "snapshots", "containers", "volumes");
    // Directories that hold the parts, and blocks that a blob does not fill, are all that is between.
    expect(Math.abs(total - onDisk)).toBeLessThan(0.02 * onDisk);
    const full = Containers?.find(({ Names }) => Names.includes("/full"));
    expect(full?.SizeRw).toBeGreaterThan(2_000_000);
    expect(Volumes?.find(({ Name }) => Name === "data")?.UsageData).toMatchObject({ RefCount: 1 });
    expect(Volumes?.find(({ Name }) => Name === "unused")?.UsageData.RefCount).toBe(0);
    const child = Images?.find((image) => image.Containers === 0);
    expect(child?.SharedSize).toBeGreaterThan(1_000_000);
    expect((child?.Size ?? 0) - (child?.SharedSize ?? 0)).toBeGreaterThan(2_000_000);
  });

  test("only what is asked for is measured", async () => {
    expect(await usage("?type=volume")).toMatchObject({ LayersSize: 0, Images: null, Containers: null });
    expect((await usage("?type=image&type=container")).Volumes).toBeNull();
    expect((await usage("?type=container")).Containers).toHaveLength(2);
  });

  test.each([
    { words: ["system", "df"] },
    { words: ["system", "df", "-v"] },
    { words: ["system", "df", "--format", "json"] },
    { words: ["system", "df", "-v", "--format", "json"] },
    { words: ["system", "df", "-v", "--format", "{{range .Volumes}}{{.Name}} {{.Size}} {{.Links}};{{end}}"] },
    { words: ["system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}"] },
    { words: ["info", "--format", "{{.Driver}} {{.DriverStatus}} {{.SecurityOptions}} {{.Swarm.LocalNodeState}}"] },
    {
      words: [
        "version",
        "--format",
        "{{.Server.Version}} {{.Server.APIVersion}} {{range .Server.Components}}{{.Name}} {{end}}",
      ],
    },
  ])("$words: our CLI prints what docker's does", async ({ words }) => {
    // Ages may change between the two.
    const seen = (text: string): string =>
      text.replaceAll(/\b(?:About a|Less than a|\d+) (?:second|minute)s?\b/g, "<age>").replaceAll(/ +/g, " ");
    const [ours, docker] = [await engine.lighter(words), await engine.docker(words)];
    expect(seen(ours)).toBe(seen(docker));
  });

  test("info prints docker's lines, but for the client's version and what newer clients add", async () => {
    const lines = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => !/^ (?:Version: |Firewall Backend)|^ {2}(?:Goroutines|File Desc|System Time)/.test(line));
    expect(lines(await engine.lighter(["info"]))).toEqual(lines(await engine.docker(["info"])));
  });

  test("prune leaves what its filters do not name, and says what came free", async () => {
    const label = await engine.docker(["container", "prune", "-f", "--filter", "label!=keep=yes"]);
    expect(label).toBe("Total reclaimed space: 0B\n");
    const future = await engine.docker(["container", "prune", "-f", "--filter", "until=1h"]);
    expect(future).toBe("Total reclaimed space: 0B\n");
    const refused = await engine.daemon.lighter(["system", "prune", "-f", "--volumes", "--filter", "until=1h"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('The "until" filter is not supported') });
    const asked = await engine.daemon.lighter(["system", "prune", "-a", "--volumes"], { stdin: "n\n" });
    expect(asked.stdout).toStartWith("WARNING! This will remove:\n  - all stopped containers\n");
    expect((await usage()).Containers).toHaveLength(2);
    const before = await du("content", "snapshots", "containers", "volumes");
    const text = await engine.lighter(["system", "prune", "-af", "--volumes"]);
    expect(text).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n\n/);
    expect(text).toContain("untagged: child:latest\n");
    const [, number = "", unit = ""] = /Total reclaimed space: ([\d.]+)(\w+)\n$/.exec(text) ?? [];
    // Snapshots go by way of the bin, and the container's files after the answer.
    await until(() => readdirSync(join(engine.box.dataRoot, "snapshots/trash")).length === 0, "an empty bin");
    await until(() => readdirSync(join(engine.box.dataRoot, "containers")).length === 1, "one directory");
    const freed = before - (await du("content", "snapshots", "containers", "volumes"));
    expect(unit).toBe("MB");
    expect(Math.abs(Number(number) * 1e6 - freed)).toBeLessThan(0.1 * freed);
    expect((await usage()).Containers?.map(({ Names }) => Names)).toEqual([["/up"]]);
  });
});
