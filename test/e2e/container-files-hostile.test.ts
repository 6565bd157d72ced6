import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { mountsBelow, removeTestTree } from "../support/remove.ts";

/**
 * Copies in and out of containers that do all they can to lead them astray. The canary is a
 * directory of the host that nothing may read through, write to or mount on.
 */
describe.skipIf(process.getuid?.() !== 0)("hostile containers", () => {
  let engine: TestEngine;
  let here = "";
  let canary = "";
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), "hostile-"));
    canary = join(here, "canary");
    mkdirSync(join(canary, "mnt"), { recursive: true });
    writeFileSync(join(canary, "secret"), "of the host");
  });
  afterEach(async () => {
    expect(readdirSync(canary).toSorted()).toEqual(["mnt", "secret"]);
    expect(readdirSync(join(canary, "mnt"))).toEqual([]);
    expect(readFileSync(join(canary, "secret"), "utf8")).toBe("of the host");
    expect(readFileSync(`/proc/${engine.daemon.pid}/mountinfo`, "utf8")).not.toContain(canary);
    expect(mountsBelow(here)).toEqual([]);
    removeTestTree(here);
    const ids = (await engine.docker(["ps", "-aq"])).split("\n").filter((id) => id !== "");
    if (ids.length > 0) await engine.docker(["rm", "-f", "-v", ...ids]);
  });

  const request = (method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`http://d${path}`, {
      unix: engine.box.socket,
      method,
      ...(body && { body, headers: { "Content-Type": "application/x-tar" } }),
    });
  const start = async (...args: string[]): Promise<string> =>
    (await engine.docker(["run", "-d", ...args, "busybox", "sleep", "1000"])).trim();
  const sh = (id: string, script: string): Promise<string> => engine.docker(["exec", id, "sh", "-c", script]);
  /** The tree of a container's processes, from where renames are those of its own. */
  const rootOf = async (id: string): Promise<string> =>
    `/proc/${(await engine.docker(["inspect", "-f", "{{.State.Pid}}", id])).trim()}/root`;
  const tarOf = (...words: string[]): Uint8Array<ArrayBuffer> =>
    new Uint8Array(Bun.spawnSync(["tar", "-C", here, "-cPf", "-", ...words]).stdout);
  const archive = (id: string, path: string): string => `/containers/${id}/archive?path=${encodeURIComponent(path)}`;

  /** Swaps two names of the container while `work` goes on. @returns how often */
  async function whileSwapping(one: string, other: string, work: () => Promise<void>): Promise<number> {
    const program = resolve(import.meta.dirname, "../support/swapper.ts");
    const child = Bun.spawn([process.execPath, program, one, other], { stdio: ["ignore", "pipe", "inherit"] });
    const output = child.stdout.getReader();
    await output.read(); // ready
    try {
      await work();
    } finally {
      child.kill("SIGTERM");
    }
    const { value } = await output.read();
    expect(await child.exited).toBe(0);
    return Number(Buffer.from(value ?? []).toString());
  }

  /** A directory with a `secret` of its own, and a link to the canary of the host beside it. */
  async function trap(id: string, link: string): Promise<string> {
    const root = await rootOf(id);
    await sh(id, "mkdir -p /work/dir && echo -n of the container >/work/dir/secret");
    symlinkSync(link, `${root}/work/link`);
    return `${root}/work`;
  }

  test.each(["absolute", "relative"] as const)(
    "C1: a directory swapped with an %s link, read from",
    async (kind) => {
      const id = await start();
      const link = kind === "absolute" ? canary : `../../../../../../../../..${canary}`;
      const work = await trap(id, link);
      let read = 0;
      const swaps = await whileSwapping(`${work}/dir`, `${work}/link`, async () => {
        for (let round = 0; round < 300; round++) {
          for (const path of ["/work/dir/secret", "/work/dir/", "/work"]) {
            const answer = await request("GET", archive(id, path));
            const bytes = Buffer.from(await answer.arrayBuffer());
            expect(bytes.includes("of the host")).toBe(false);
            if (bytes.includes("of the container")) read++;
          }
        }
      });
      expect(swaps).toBeGreaterThan(1000);
      expect(read).toBeGreaterThan(0);
    },
    60_000,
  );

  test.each(["absolute", "relative"] as const)(
    "C1: a directory swapped with an %s link, written to",
    async (kind) => {
      const id = await start();
      const work = await trap(id, kind === "absolute" ? canary : `../../../../../../../../..${canary}`);
      mkdirSync(join(here, "d/mnt/deep"), { recursive: true });
      writeFileSync(join(here, "d/mnt/deep/planted"), "x");
      writeFileSync(join(here, "d/secret"), "overwritten");
      const tar = tarOf("d/mnt", "d/secret", "--transform=s,^d/,,");
      let written = 0;
      const swaps = await whileSwapping(`${work}/dir`, `${work}/link`, async () => {
        for (let round = 0; round < 300; round++) {
          if ((await request("PUT", archive(id, "/work/dir"), tar)).ok) written++;
          if ((await request("PUT", archive(id, "/work/dir/mnt"), tar)).ok) written++;
        }
      });
      expect(swaps).toBeGreaterThan(1000);
      expect(written).toBeGreaterThan(0);
    },
    60_000,
  );

  test("C4: a volume's mount point swapped with a link while views of the container are made", async () => {
    const id = await start("-v", "trap:/work/dir/mnt");
    const work = await trap(id, canary);
    await sh(id, "echo -n in the volume >/work/dir/mnt/v");
    const seen = new Set<string>();
    const swaps = await whileSwapping(`${work}/dir`, `${work}/link`, async () => {
      for (let round = 0; round < 300; round++) {
        const answer = await request("GET", archive(id, "/work/dir/mnt/v"));
        const bytes = Buffer.from(await answer.arrayBuffer());
        seen.add(bytes.includes("in the volume") ? "volume" : String(answer.status));
        expect(bytes.includes("of the host")).toBe(false);
      }
    });
    expect(swaps).toBeGreaterThan(1000);
    expect([...seen]).toContain("volume");
    await engine.docker(["rm", "-f", id]);
    await engine.docker(["volume", "rm", "trap"]);
  }, 60_000);

  test("C1: a file swapped with a device node, a pipe or a link is never opened in its place", async () => {
    const id = await start();
    await sh(id, "mkdir /work; echo -n of the container >/work/f; mkfifo /work/pipe; mknod /work/kmsg c 1 11");
    const root = await rootOf(id);
    symlinkSync(join(canary, "secret"), `${root}/work/link`);
    for (const other of ["pipe", "kmsg", "link"]) {
      const swaps = await whileSwapping(`${root}/work/f`, `${root}/work/${other}`, async () => {
        for (let round = 0; round < 150; round++) {
          const bytes = Buffer.from(await (await request("GET", archive(id, "/work"))).arrayBuffer());
          expect(bytes.includes("of the host")).toBe(false);
          // A whole archive: a pipe that was waited for, or a device that was read, would cut or stop it.
          expect(bytes.length % 512).toBe(0);
          expect(bytes.subarray(-1024).every((byte) => byte === 0)).toBe(true);
        }
      });
      expect(swaps).toBeGreaterThan(500);
    }
  }, 60_000);

  test("C3: programs of the image that are named like decompressors never run", async () => {
    mkdirSync(join(here, "bin"));
    const script = `#!/bin/sh\ntouch /pwned ${canary}/pwned\ncat\n`;
    for (const name of [
      "xz",
      "unxz",
      "gzip",
      "gunzip",
      "unpigz",
      "pigz",
      "zstd",
      "unzstd",
      "igzip",
      "bzip2",
      "bunzip2",
      "tar",
    ])
      writeFileSync(join(here, "bin", name), script, { mode: 0o755 });
    writeFileSync(join(here, "f"), "unpacked");
    for (const state of ["created", "running"] as const) {
      const id =
        state === "running" ? await start() : (await engine.docker(["create", "busybox", "sleep", "1000"])).trim();
      for (const target of ["/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        await engine.docker(["cp", `${here}/bin/.`, `${id}:${target}`]);
      for (const flag of ["z", "J", "j", "-zstd"]) {
        const packed = Bun.spawnSync(["tar", "-C", here, `-${flag}`, "-cf", "-", "f"]);
        if (packed.exitCode !== 0) continue; // a host without this compressor
        expect((await request("PUT", archive(id, "/tmp"), new Uint8Array(packed.stdout))).status).toBe(200);
        expect(
          Buffer.from(await (await request("GET", archive(id, "/tmp/f"))).arrayBuffer()).includes("unpacked"),
        ).toBe(true);
      }
      expect((await request("GET", archive(id, "/pwned"))).status).toBe(404);
      const damaged = await request("PUT", archive(id, "/tmp"), new Uint8Array([0x1f, 0x8b, 8, 0, 0, 1, 2, 3, 4]));
      expect(damaged.ok).toBe(false);
    }
  }, 60_000);

  test("C7: entries that mean to leave: parents, absolute paths, links and what lies behind them", async () => {
    const id = (await engine.docker(["create", "busybox"])).trim();
    mkdirSync(join(here, "in/d"), { recursive: true });
    writeFileSync(join(here, "in/d/planted"), "x");
    symlinkSync(canary, join(here, "in/link"));
    const put = async (...words: string[]): Promise<number> =>
      (await request("PUT", archive(id, "/tmp"), tarOf(...words))).status;
    expect(
      await put(
        "--transform=s,in/d/planted,../../..CANARY/planted,",
        `--transform=s,CANARY,${canary},`,
        "in/d/planted",
      ),
    ).toBe(400);
    expect(await put(`--transform=s,in/d/planted,${canary}/planted,`, "in/d/planted")).toBe(200);
    expect(await put("--transform=flags=r;s,in/d/planted,in/link/planted,", "in/link", "in/d/planted")).toBe(200);
    expect(await put(`--transform=flags=r;s,in/d,in/link,`, "in/link", "in/d")).toBe(200);
    // Where they went: below the directory of the container, and never through the link out of it.
    expect((await request("HEAD", archive(id, `/tmp${canary}/planted`))).status).toBe(200);
    expect((await request("HEAD", archive(id, "/tmp/in/link/planted"))).status).toBe(200);
  });

  test("C7: names of all bytes come out as they are", async () => {
    const id = await start();
    await sh(
      id,
      `mkdir /n; cd /n; touch -- "$(printf 'a\\nb')" "$(printf '\\377x')" .wh.keep .wh..wh..opq "-rf" "tab	x" '"q"'`,
    );
    const answer = await request("GET", archive(id, "/n"));
    const out = join(here, "out");
    mkdirSync(out);
    await Bun.write(join(here, "n.tar"), await answer.bytes());
    expect(Bun.spawnSync(["tar", "-C", out, "-xf", join(here, "n.tar")]).exitCode).toBe(0);
    const names = readdirSync(join(out, "n"), { encoding: "latin1" }).toSorted();
    expect(names).toEqual(['"q"', "-rf", ".wh..wh..opq", ".wh.keep", "a\nb", "tab\tx", "\xffx"].toSorted());
    const changes = (await (await request("GET", `/containers/${id}/changes`)).json()) as {
      Path: string;
      Kind: number;
    }[];
    expect(changes.filter(({ Path }) => Path.startsWith("/n/")).length).toBe(7);
    await engine.docker(["cp", join(out, "n"), `${id}:/back`]);
    expect(await sh(id, "ls -A /back | wc -l")).toBe(await sh(id, "ls -A /n | wc -l"));
    expect(statSync(join(out, "n")).isDirectory()).toBe(true);
  });
});
