import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type DaemonOptions, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { untilTidy } from "../support/tidy.ts";

const isRoot = process.getuid?.() === 0;

/** An engine with an image and a running container; what goes wrong is up to the test. */
class Patient implements AsyncDisposable {
  readonly box: Sandbox;
  readonly api: ApiClient;
  #daemon: TestDaemon | undefined;

  constructor(box: Sandbox) {
    this.box = box;
    this.api = openApiClient(box.socket);
  }

  static async open(options: DaemonOptions = {}): Promise<Patient> {
    const patient = new Patient(await openSandbox());
    await patient.boot(options);
    await patient.api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive));
    await patient.run("healthy");
    return patient;
  }

  get daemon(): TestDaemon {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  async boot(options: DaemonOptions = {}): Promise<void> {
    this.#daemon = await startDaemon(this.box, options);
  }

  async create(name: string): Promise<string> {
    const body = { Image: "busybox:latest", Cmd: ["sleep", "100000"] };
    return (await this.api.call("POST", `/containers/create?name=${name}`, body)).json<{ Id: string }>().Id;
  }

  async run(name: string): Promise<string> {
    const id = await this.create(name);
    await this.api.call("POST", `/containers/${id}/start`);
    return id;
  }

  /** What only reads is answered, whatever else is not. */
  async expectReads(): Promise<void> {
    const list = (await this.api.call("GET", "/containers/json")).json<{ Names: string[] }[]>();
    expect(list.flatMap(({ Names }) => Names)).toEqual(["/healthy"]);
    for (const path of ["/containers/healthy/json", "/images/json", "/info", "/version", "/volumes"])
      expect((await this.api.ask("GET", path)).status, path).toBe(200);
  }

  expectTidy(): Promise<void> {
    return untilTidy(this.box, this.daemon.pid);
  }

  async expectWorks(): Promise<void> {
    const id = await this.run("after");
    await this.api.call("DELETE", `/containers/${id}?force=1`);
    await this.expectTidy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill9();
    await this.box[Symbol.asyncDispose]();
  }
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}

describe.skipIf(!isRoot)("a process that may open no more files", () => {
  test("says so, still reads, leaks nothing and recovers", async () => {
    await using patient = await Patient.open();
    const { pid } = patient.daemon;
    const open = (): number => readdirSync(`/proc/${pid}/fd`).length;
    const id = await patient.create("subject");
    const before = open();
    const hard = readFileSync(`/proc/${pid}/limits`, "utf8").match(/Max open files\s+\d+\s+(\d+)/)?.[1] ?? "";
    const failures: string[] = [];
    // Each limit lets a start come a step further than the one before.
    for (let spare = 1; spare <= 12; spare++) {
      run("prlimit", "--pid", String(pid), `--nofile=${before + spare}:${hard}`);
      const answer = await patient.api.ask("POST", `/containers/${id}/start`).catch(() => undefined);
      run("prlimit", "--pid", String(pid), `--nofile=${hard}:${hard}`);
      await patient.expectReads().catch(async (error: unknown) => {
        // The last spare was enough.
        if (answer?.status !== 204) throw error;
      });
      if (answer?.status === 204) {
        await patient.api.call("POST", `/containers/${id}/kill`);
        break;
      }
      if (answer !== undefined) failures.push(`${answer.status} ${answer.text}`);
      await patient.expectTidy();
    }
    for (const failure of failures) expect(failure).toMatch(/^500 .*(EMFILE|too many open files)/i);
    await patient.api.call("DELETE", `/containers/${id}?force=1`);
    await patient.expectWorks();
    expect(open()).toBeLessThanOrEqual(before + 2);
  }, 60_000);
});

describe.skipIf(!isRoot)("a data root that became read-only", () => {
  test("refuses what writes, still reads, leaves nothing, and works again when it can", async () => {
    await using patient = await Patient.open();
    const inside = ["nsenter", "-t", String(patient.daemon.pid), "-m"];
    const id = await patient.create("subject");
    const request = { Image: "busybox:latest", Cmd: ["true"] };
    const asked: readonly [string, string, object][] = [
      ["snapshots", "/containers/create?name=refused", request],
      ["volumes", "/containers/create?name=refused", { ...request, Volumes: { "/data": {} } }],
      ["containers", `/containers/${id}/start`, {}],
    ];
    for (const [name, path, body] of asked) {
      const directory = join(patient.box.dataRoot, name);
      run(...inside, "mount", "--bind", directory, directory);
      run(...inside, "mount", "-o", "remount,bind,ro", directory);
      const refused = await patient.api.ask("POST", path, body);
      expect(refused, name).toMatchObject({ status: 500, text: expect.stringMatching(/read-only file system|EROFS/i) });
      await patient.expectReads();
      run(...inside, "umount", directory);
      await patient.expectTidy();
    }
    await patient.api.call("POST", `/containers/${id}/start`);
    await patient.api.call("DELETE", `/containers/${id}?force=1`);
    await patient.expectWorks();
  }, 60_000);
});

describe.skipIf(!isRoot)("programs that go away under a running daemon", () => {
  test.each(["conmon", "crun"])("without %s a start is refused by name, and leaves nothing", async (program) => {
    await using patient = await Patient.open();
    const id = await patient.create("subject");
    const path = Bun.which(program) ?? "";
    const inside = ["nsenter", "-t", String(patient.daemon.pid), "-m"];
    run(...inside, "mount", "--bind", "/dev/null", path);
    const refused = await patient.api.ask("POST", `/containers/${id}/start`);
    // The runtime may be held open since the daemon's start: then nothing is missing.
    if (program === "conmon") expect(refused).toMatchObject({ status: 500, text: expect.stringContaining(program) });
    else if (refused.status !== 204) expect(refused.text).toContain(program);
    await patient.expectReads().catch((error: unknown) => {
      if (refused.status !== 204) throw error;
    });
    run(...inside, "umount", path);
    await patient.api.call("DELETE", `/containers/${id}?force=1`);
    await patient.expectWorks();
  });
});

describe.skipIf(!isRoot)("damage that a new daemon finds", () => {
  let patient: Patient;
  beforeAll(async () => {
    patient = await Patient.open();
  });
  afterAll(async () => await patient?.[Symbol.asyncDispose]());
  const task = (id: string, file: string): string => join(patient.box.execRoot, "tasks", id, file);
  const idOf = async (name: string): Promise<string> =>
    (await patient.api.call("GET", `/containers/${name}/json`)).json<{ Id: string }>().Id;

  const torn: readonly [string, (id: string) => void][] = [
    ["a torn record of its processes", (id) => writeFileSync(task(id, "processes.json"), '{"pid":1')],
    ["an empty record of its processes", (id) => writeFileSync(task(id, "processes.json"), "")],
    ["no record of its processes", (id) => rmSync(task(id, "processes.json"))],
    ["an exit that is no number", (id) => writeFileSync(join(patient.box.execRoot, "tasks/.exits", id), "x")],
  ];
  test.each(torn)("%s harms that container at most", async (_, damage) => {
    const id = await patient.run("victim");
    await patient.daemon.kill9();
    damage(id);
    await patient.boot();
    expect(await idOf("healthy")).not.toBe("");
    const list = (await patient.api.call("GET", "/containers/json")).json<{ Names: string[] }[]>();
    expect(list.flatMap(({ Names }) => Names)).toContain("/healthy");
    await patient.api.call("DELETE", `/containers/${id}?force=1`);
    await patient.expectReads();
    await patient.expectTidy();
  });

  test("a row that is no JSON is left out and reported; the others are served", async () => {
    const id = await patient.create("garbled");
    await patient.daemon.kill9();
    using database = new Database(join(patient.box.dataRoot, "lighter.db"));
    const { row } = database
      .query<{ row: string }, [string]>("SELECT body AS row FROM containers WHERE id = ?")
      .get(id) ?? {
      row: "",
    };
    database.run("UPDATE containers SET body = '{\"id\":' WHERE id = ?", [id]);
    database.close();
    await patient.boot();
    await patient.expectReads();
    expect(patient.daemon.log()).toContain(`the row of a container is damaged: it is left alone" container=${id}`);
    await patient.daemon.kill9();
    using mended = new Database(join(patient.box.dataRoot, "lighter.db"));
    mended.run("UPDATE containers SET body = ? WHERE id = ?", [row, id]);
    mended.close();
    await patient.boot();
    await patient.api.call("POST", `/containers/${id}/start`);
    await patient.api.call("DELETE", `/containers/${id}?force=1`);
    await patient.expectTidy();
  });

  test("a database that is none ends the start with the reason, and touches nothing", async () => {
    await patient.daemon.kill9();
    const files = ["lighter.db", "lighter.db-wal", "lighter.db-shm"].map((name) => join(patient.box.dataRoot, name));
    const before = files.map((file) => readFileSync(file));
    for (const file of files) rmSync(file);
    writeFileSync(files[0] ?? "", "no database at all\n".repeat(1000));
    await expect(patient.boot()).rejects.toThrow(/file is not a database/);
    for (const [at, file] of files.entries()) writeFileSync(file, before[at] ?? "");
    await patient.boot();
    await patient.expectReads();
  });
});
