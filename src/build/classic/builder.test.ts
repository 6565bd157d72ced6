import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openFileSource } from "#archive";
import { EngineError } from "#core";
import { busyboxImage } from "../../../test/support/busybox.ts";
import { BuildBench, contextOf, type Files } from "./testing.ts";

const isRoot = process.getuid?.() === 0;

/** Ids and hashes give way to their kind. */
function plain(output: string): string {
  return output
    .replace(/Running in [0-9a-f]{12}/g, "Running in <id>")
    .replace(/container [0-9a-f]{12}/g, "container <id>")
    .replace(/(---> |built )[0-9a-f]{12}/g, "$1<id>");
}

describe.skipIf(!isRoot)("the classic builder", () => {
  let bench: BuildBench;
  beforeAll(async () => {
    bench = await BuildBench.open();
    await bench.base("base", openFileSource({ path: (await busyboxImage()).rootTar }));
  });
  afterAll(async () => {
    const left = bench.leftovers();
    await bench[Symbol.asyncDispose]();
    expect(left).toEqual([]);
  });

  const build = (...args: Parameters<BuildBench["build"]>): ReturnType<BuildBench["build"]> => bench.build(...args);

  /** Runs a command on what was copied and shows its output. */
  async function shown(dockerfile: string, command: string, files: Files = {}): Promise<string> {
    const result = await build(`FROM base\n${dockerfile}\nRUN ${command}\n`, files);
    expect(result.error).toBeUndefined();
    const from = result.output.lastIndexOf("Running in");
    return result.output.slice(result.output.indexOf("\n", from) + 1, result.output.indexOf(" ---> Removed", from));
  }

  test("says what Docker says, and finds all again the second time", async () => {
    const text = 'ARG V=base\nFROM ${V} AS one\nENV X=1\nRUN echo hi \\\n there > /f\nCOPY a.txt /d/\nCMD ["x"]\n';
    const first = await build(text, { "a.txt": "A" }, { tags: ["made:1", "made"] });
    expect(plain(first.output)).toBe(
      [
        "Step 1/6 : ARG V=base",
        "Step 2/6 : FROM ${V} AS one",
        " ---> <id>",
        "Step 3/6 : ENV X=1",
        " ---> <id>",
        "Step 4/6 : RUN echo hi  there > /f",
        " ---> Running in <id>",
        " ---> Removed intermediate container <id>",
        " ---> <id>",
        "Step 5/6 : COPY a.txt /d/",
        " ---> <id>",
        'Step 6/6 : CMD ["x"]',
        " ---> <id>",
        "Successfully built <id>",
        "Successfully tagged made:1",
        "Successfully tagged made:latest",
        "",
      ].join("\n"),
    );
    const again = await build(text, { "a.txt": "A" });
    expect(again.output.match(/Using cache/g)).toHaveLength(4);
    expect(again.image?.id).toBe(first.image!.id);
    expect(bench.host.images.resolve("made").id).toBe(first.image!.id);
  });

  test("history, layers and config", async () => {
    const { image } = await build(
      'FROM base\nARG A=1\nRUN true\nRUN echo > /x\nWORKDIR /w/s\nSHELL ["/bin/sh", "-ec"]\nCOPY a /y\nMAINTAINER me\nENTRYPOINT ["e"]\n',
      { a: "A" },
    );
    const hash = expect.stringMatching(/^\/bin\/sh -ec #\(nop\) COPY file:[0-9a-f]{64} in \/y $/);
    expect(image?.config.history?.slice(1).map((entry) => [entry.created_by, entry.empty_layer ?? false])).toEqual([
      ["/bin/sh -c #(nop)  ARG A=1", true],
      ["|1 A=1 /bin/sh -c true", true],
      ["|1 A=1 /bin/sh -c echo > /x", false],
      ["/bin/sh -c #(nop) WORKDIR /w/s", false],
      ["/bin/sh -ec #(nop)  SHELL [/bin/sh -ec]", true],
      [hash, false],
      ["/bin/sh -ec #(nop)  MAINTAINER me", true],
      ['/bin/sh -ec #(nop)  ENTRYPOINT ["e"]', true],
    ]);
    expect(image?.config.author).toBe("me");
    expect(image?.config.rootfs.diff_ids).toHaveLength(4);
    expect(image?.config.config).toMatchObject({ WorkingDir: "/w/s", Entrypoint: ["e"], Shell: ["/bin/sh", "-ec"] });
    expect(image?.config.config?.Env).toEqual([expect.stringMatching(/^PATH=/)]);
  });

  describe("cache", () => {
    test("content counts, times do not; after a miss all steps run", async () => {
      const text = "FROM base\nCOPY c /c\nRUN echo > /c2\n";
      await build(text, { c: "one" });
      const touched = await build(text, { c: "one", other: "x" });
      expect(touched.output.match(/Using cache/g)).toHaveLength(2);
      const changed = await build(text, { c: "two" });
      expect(changed.output).not.toContain("Using cache");
      const back = await build(text, { c: "one" });
      expect(back.output.match(/Using cache/g)).toHaveLength(2);
      const none = await build(text, { c: "one" }, { noCache: true });
      expect(none.output).not.toContain("Using cache");
    });

    test("a build argument counts from its declaration on, proxies never", async () => {
      const text = "FROM base\nRUN echo a > /a\nARG K\nRUN echo $K > /k\n";
      await build(text, {}, { buildArgs: { K: "1", HTTP_PROXY: "p" } });
      const other = await build(text, {}, { buildArgs: { K: "2" } });
      expect(other.output.match(/Using cache/g)).toHaveLength(2);
      const same = await build(text, {}, { buildArgs: { K: "2", HTTP_PROXY: "q" } });
      expect(same.output.match(/Using cache/g)).toHaveLength(3);
    });

    test("--cache-from lends a layer that only history tells of", async () => {
      const text = "FROM base\nRUN echo lent > /lent\n";
      const { image } = await build(text, {}, { tags: ["lender"] });
      const forgetful = { ...bench.host.cache, find: () => undefined };
      const host = { ...bench.host, cache: forgetful };
      const other = Object.create(bench, { host: { value: host } }) as BuildBench;
      const { output, image: lent } = await other.build(text, {}, { cacheFrom: ["lender", "unknown"] });
      expect(output).toContain("Using cache");
      expect(lent?.layers.at(-1)?.diffId).toBe(image!.layers.at(-1)!.diffId);
    });
  });

  describe("RUN", () => {
    test("a failure has Docker's text and code, and leaves the container unless forced", async () => {
      const before = bench.containers.size;
      const failed = await build("FROM base\nRUN echo out; echo err >&2; exit 3\n");
      expect(failed.messages.at(-1)).toEqual({
        error: "The command '/bin/sh -c echo out; echo err >&2; exit 3' returned a non-zero code: 3",
        errorDetail: {
          code: 3,
          message: "The command '/bin/sh -c echo out; echo err >&2; exit 3' returned a non-zero code: 3",
        },
      });
      expect(failed.output).toContain("out\n");
      expect(failed.output).toContain("\u001b[91merr\n\u001b[0m");
      expect(bench.containers.size).toBe(before + 1);
      const forced = await build("FROM base\nRUN exit 3\n", {}, { forceRm: true });
      expect(forced.output).toContain("Removed intermediate container");
      expect(bench.containers.size).toBe(before + 1);
      await bench.removeContainers();
    });

    test("environment, arguments, working directory, here-documents", async () => {
      const head = "ARG A=a\nENV E=e\nENV E=f P=$E\nWORKDIR /w";
      expect(await shown(head, "echo $A $E $P $(pwd)")).toBe("a f e /w\n");
      expect(await shown("", "<<EOF\necho one\necho $0 two\nEOF")).toBe("one\n/bin/sh two\n");
      expect(await shown("", "cat <<'A' - <<B\n$HOME\nA\nb\nB")).toBe("b\n");
    });

    test.each([
      ["--mount=type=cache,target=/x true", "the --mount option requires BuildKit"],
      ["--security=insecure true", "the --security option requires BuildKit"],
    ])("RUN %s is refused", async (rest, message) => {
      expect((await build(`FROM base\nRUN ${rest}\n`)).error).toStartWith(message);
    });
  });

  describe("COPY and ADD", () => {
    const files = { "a.txt": "A", "b.txt": "B", "dir/b": "b", "dir/sub/c": "c", "dir/skip.md": "m" };

    test("directories: contents, not the directory; slash and globs", async () => {
      const list = "find /o -type f | sort";
      expect(await shown("COPY a.txt /o/\nCOPY dir /o/d\nCOPY dir/ /o/e/\nCOPY [ab].txt /o/g/", list, files)).toBe(
        "/o/a.txt\n/o/d/b\n/o/d/skip.md\n/o/d/sub/c\n/o/e/b\n/o/e/skip.md\n/o/e/sub/c\n/o/g/a.txt\n/o/g/b.txt\n",
      );
      expect(await shown("WORKDIR /o\nCOPY dir/* .\nCOPY a.txt new", list, files)).toBe(
        "/o/b\n/o/c\n/o/new\n/o/skip.md\n",
      );
      expect(await shown("COPY --exclude=*.md --exclude=sub dir /o\n", list, files)).toBe("/o/b\n");
      expect(await shown("COPY --parents dir/sub/c dir/./b /o/\n", list, files)).toBe("/o/b\n/o/dir/sub/c\n");
    });

    test("links at the destination are followed inside the root", async () => {
      const setup = "RUN mkdir /real; ln -s ../../../real /ld; ln -s /t /l; ln -s /nowhere /dang; echo old > /t";
      const copies = "COPY a.txt /ld\nCOPY b.txt /l\nCOPY dir/b /dang\nCOPY dir/sub /ld/n";
      expect(
        await shown(`${setup}\n${copies}`, "cat /real/a.txt /t /nowhere /real/n/c; ls -l /l | cut -c1", files),
      ).toBe("ABbcl\n");
    });

    test("owner, mode and time", async () => {
      const text = "FROM base\nRUN echo bob:x:1000:1001::/: >> /etc/passwd; echo bob:x:1005: >> /etc/group\n";
      const chown = await build(`${text}COPY --chown=bob --chmod=u=rwX,go=rX dir /x/y/\n`, files);
      const top = await bench.topLayer(chown.image);
      const rows = [...top].map(([path, { uid, gid, mode }]) => [path, uid, gid, mode.toString(8)]);
      expect(rows).toContainEqual(["x", 0, 0, "755"]);
      expect(rows).toContainEqual(["x/y", 1000, 1005, "755"]);
      expect(rows).toContainEqual(["x/y/sub", 1000, 1005, "755"]);
      expect(rows).toContainEqual(["x/y/sub/c", 1000, 1005, "644"]);
      expect(top.get("x/y/b")?.mtimeNs).toBe(1_000_000_000n);
      const file = await build("FROM base\nCOPY --chown=5 a.txt /q/w/e\n", files);
      const owners = [...(await bench.topLayer(file.image))].map(([path, { uid, gid }]) => [path, uid, gid]);
      expect(owners).toEqual([
        ["q", 5, 5],
        ["q/w", 5, 5],
        ["q/w/e", 5, 5],
      ]);
    });

    test("from a stage, with its owner and mode; from an image", async () => {
      const stage = "FROM base AS Src\nRUN echo s > /s; chown 5:6 /s; chmod 4711 /s\n";
      const { image } = await build(`${stage}FROM scratch\nCOPY --from=src /s /n\nCOPY --from=base /etc/passwd /p\n`);
      expect(image?.layers).toHaveLength(2);
      expect((await bench.topLayer(image)).get("p")?.text).toStartWith("root:");
      const one = await build(`${stage}FROM scratch\nCOPY --from=0 /s /n\n`);
      expect((await bench.topLayer(one.image)).get("n")).toMatchObject({ uid: 5, gid: 6, mode: 0o4711, text: "s\n" });
    });

    test("--link is a copy where that is the same, and refused where it is not", async () => {
      expect(await shown("COPY --link a.txt /n/x", "cat /n/x", files)).toBe("A");
      const setup = "FROM base\nRUN mkdir /real && ln -s real /ld\n";
      for (const line of ["COPY --link a.txt /ld/", "COPY --link a.txt /real"]) {
        const { error } = await build(`${setup}${line}\n`, files);
        expect(error).toStartWith("the --link option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/");
      }
    });

    test("here-documents", async () => {
      const copy = "ARG v=val\nCOPY <<a.txt <<'b.txt' /o/\nA $v \"q\"\na.txt\nB $v\nb.txt";
      expect(await shown(copy, "cat /o/a.txt /o/b.txt")).toBe('A val "q"\nB $v\n');
    });

    test("ADD unpacks what is a tar by content, COPY does not", async () => {
      const tar = await new Response(
        contextOf("", { "in/x": "X", "in/y": { type: "symlink", linkPath: "x" } }),
      ).bytes();
      const packed = { "t.dat": Bun.gzipSync(tar as Uint8Array<ArrayBuffer>), "plain.gz": Bun.gzipSync("no tar") };
      expect(await shown("ADD t.dat plain.gz /o/", "ls /o /o/in; cat /o/in/y", packed)).toBe(
        "/o:\nin\nplain.gz\n\n/o/in:\nx\ny\nX",
      );
      expect(await shown("COPY t.dat /o/", "ls /o", packed)).toBe("t.dat\n");
      expect(await shown("ADD --unpack=false t.dat /o/", "ls /o", packed)).toBe("t.dat\n");
    });

    test.each<[string, string]>([
      [
        "COPY nope /x",
        "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
      ],
      ["COPY no* /x", "COPY failed: no source files were specified"],
      [
        "COPY a.txt b.txt /x",
        "When using COPY with more than one source file, the destination must be a directory and end with a /",
      ],
      ["COPY ../../a.txt /x", "COPY failed: forbidden path outside the build context: ../../a.txt ()"],
      ["COPY --from=0 a b", "invalid from flag value 0: refers to current build stage"],
      ["COPY --from=7 a b", "invalid from flag value 7: index out of bounds"],
      [
        "COPY --chown=nobody9 a.txt /b",
        "unable to convert uid/gid chown string to host mapping: can't find uid for user nobody9: no such user: nobody9",
      ],
      ["COPY http://x/y /b", "COPY failed: source can't be a URL for COPY"],
      ["COPY dir /etc/passwd", "failed to copy files: failed to copy directory: mkdir /etc/passwd: not a directory"],
      ["ADD --checksum=sha256:aa a.txt /b", "ADD failed: checksum can't be specified for non-HTTP(S) sources"],
      ["ADD https://x/y.git /b", "ADD failed: git source https://x/y.git is not supported by this builder"],
      ["WORKDIR /etc/passwd", "Cannot mkdir: /etc/passwd is not a directory"],
    ])("%s", async (line, message) => {
      expect((await build(`FROM base\n${line}\n`, files)).error).toBe(message);
    });
  });

  test("ONBUILD triggers run after FROM, once", async () => {
    await build(
      "FROM base\nONBUILD RUN echo t > /t\nONBUILD COPY a /z\nONBUILD ENV Q=1\n",
      { a: "A" },
      { tags: ["trig"] },
    );
    const child = await build("FROM trig\nRUN cat /t /z; echo $Q\n", { a: "A" }, { tags: ["child"] });
    expect(child.output).toContain("# Executing 3 build triggers\n");
    expect(child.output).toContain("t\nA1\n");
    expect(child.image?.config.config?.OnBuild ?? []).toEqual([]);
    expect((await build("FROM child\nENV a=b\n")).output).not.toContain("Executing");
  });

  test("builds that make the same layer at the same time share it", async () => {
    const files = { "top/": "", "top/same/": "", "top/same/a": "A" };
    const builds = [1, 2, 3, 4].map(() => build("FROM base\nCOPY top /\n", files, { noCache: true }));
    const results = await Promise.all(builds);
    expect(results.map((result) => result.error)).toEqual([undefined, undefined, undefined, undefined]);
    expect(new Set(results.map((result) => result.image?.layers.at(-1)?.diffId)).size).toBe(1);
  });

  test("a platform counts where there is no base", async () => {
    const arm = await build("FROM scratch\nENV p=1\n", {}, { platform: "linux/arm64" });
    const own = await build("FROM scratch\nENV p=1\n");
    expect(arm.image?.config.architecture).toBe("arm64");
    expect(own.image?.config.architecture).not.toBe("arm64");
  });

  test("stages, target, labels, unused arguments", async () => {
    const text = "FROM base AS a\nENV x=1\nFROM a\nRUN false\n";
    const result = await build(text, {}, { target: "A", labels: { l: "it's $x" }, buildArgs: { ZZ: "1" } });
    expect(result.output).toContain("Step 3/3 : LABEL l=it's $x\n");
    expect(result.output).toContain("[Warning] One or more build-args [ZZ] were not consumed\n");
    expect(result.image?.config.config?.Labels).toEqual({ l: "it's $x" });
  });

  test("quiet says the id alone, and all when it fails", async () => {
    const good = await build("FROM base\nRUN echo hi\n", {}, { quiet: true });
    expect(good.messages).toEqual([{ stream: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) }]);
    const bad = await build("FROM base\nRUN echo hi; exit 4\n", {}, { quiet: true, forceRm: true });
    expect(bad.output).toContain("Step 2/2 : RUN echo hi; exit 4\n");
    expect(bad.error).toEndWith("returned a non-zero code: 4");
  });

  test("scratch alone is no image; scratch with a step is", async () => {
    const none = await build("FROM scratch\n");
    expect(none.error).toBe("No image was generated. Is your Dockerfile empty?");
    expect(none.output).toContain(" ---> \n");
    expect((await build("FROM scratch\nENV a=b\n")).image?.layers).toEqual([]);
  });

  test.each<[string, Files, object, string]>([
    ["", {}, {}, "Cannot locate specified Dockerfile: Dockerfile"],
    ["", { Dockerfile: "" }, {}, "the Dockerfile (Dockerfile) cannot be empty"],
    ["FROM base\nFOO\n", {}, {}, "dockerfile parse error on line 2: unknown instruction: FOO (did you mean FROM?)"],
    ["FROM base\n", {}, { target: "zz" }, 'target stage "zz" could not be found'],
    ["FROM base\n", {}, { squash: true }, "squash is only supported with experimental mode"],
    ["FROM base\n", {}, { tags: ["A:B:C"] }, "invalid reference format"],
    ["FROM base\n", {}, { dockerfile: "../../etc/passwd" }, "Cannot locate specified Dockerfile: ../../etc/passwd"],
    ["FROM base\n", {}, { remote: "https://github.com/a/b.git" }, "remote context"],
  ])("thrown before the first step: %#", async (text, files, options, message) => {
    const running = build(text, files, options);
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(EngineError);
  });

  test("what .dockerignore excludes of Dockerfile and itself is not copied", async () => {
    const files = { ".dockerignore": "Dockerfile\n.dockerignore\n", a: "A" };
    expect(await shown("COPY . /o", "ls -A /o", files)).toBe("a\n");
    expect(await shown("COPY . /o", "ls -A /o", { a: "A", "dockerfile.x": "" })).toBe("Dockerfile\na\ndockerfile.x\n");
  });

  test("a step with endless output waits for the client, and ends when the client leaves", async () => {
    let outputs = 0;
    for await (const { stream } of bench.stream("FROM base\nRUN yes\n")) {
      if (stream?.startsWith("y\n") === true && ++outputs === 100) break;
    }
    expect(outputs).toBe(100);
    await bench.removeContainers();
  });

  test("aborting ends the step that runs and leaves nothing", async () => {
    const abort = new AbortController();
    const running = build("FROM base\nRUN echo begun; exec sleep 1000\n", {}, {}, abort.signal);
    const waiting = setInterval(() => bench.containers.size > 0 && abort.abort(), 5);
    const result = await running.finally(() => clearInterval(waiting));
    expect(result.error).toBe("context canceled");
    expect(bench.containers.size).toBe(0);
    expect(bench.leftovers()).toEqual([]);
  });
});
