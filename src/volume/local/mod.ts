/** volume/local: volumes in directories of this host, a row each. A directory without a row is removed at boot. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError, failpoint, randomHexId, type Clock } from "#core";
import { syncDirectory, type Database } from "#store";
import type { VolumeRecord, VolumeRequest, VolumeStore } from "../mod.ts";

const schema = [
  `CREATE TABLE volumes (
     name TEXT PRIMARY KEY,
     created_at TEXT NOT NULL,
     labels TEXT NOT NULL,
     options TEXT NOT NULL,
     anonymous INTEGER NOT NULL
   ) STRICT`,
  "ALTER TABLE volumes ADD COLUMN owner TEXT",
];

interface VolumeRow {
  readonly name: string;
  readonly created_at: string;
  readonly labels: string;
  readonly options: string;
  readonly anonymous: number;
}

/** Volumes in directories of this host. `root` is `<data-root>/volumes`. */
export async function openLocalVolumes(options: {
  readonly root: string;
  readonly database: Database;
  readonly clock: Clock;
}): Promise<VolumeStore> {
  options.database.migrate("volumes", schema);
  await mkdir(options.root, { recursive: true, mode: 0o701 });
  return new LocalVolumes(options.root, options.database, options.clock);
}

class LocalVolumes implements VolumeStore {
  readonly #root: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #owner: string | null;
  /** Files of removed volumes: what cannot be deleted is tried again with the next one, and at boot. */
  readonly #trash = new Set<string>();

  constructor(root: string, database: Database, clock: Clock, owner: string | null = null) {
    this.#root = root;
    this.#database = database;
    this.#clock = clock;
    this.#owner = owner;
  }

  forOwner(owner: string): VolumeStore {
    return new LocalVolumes(this.#root, this.#database, this.#clock, owner);
  }

  list(): VolumeRecord[] {
    return this.#database.all<VolumeRow>("SELECT * FROM volumes ORDER BY name").map((row) => this.#record(row));
  }

  get(name: string): VolumeRecord | undefined {
    const row = this.#database.get<VolumeRow>("SELECT * FROM volumes WHERE name = ?", name);
    return row && this.#record(row);
  }

  async create(request: VolumeRequest): Promise<VolumeRecord> {
    checkDriver(request);
    const existing = request.name === "" ? undefined : this.get(request.name);
    if (existing) return existing;
    const name = request.name === "" ? randomHexId() : checkName(request.name);
    const labels = request.name === "" ? { ...request.labels, "com.docker.volume.anonymous": "" } : request.labels;
    this.#database.run(
      "INSERT INTO volumes VALUES (?, ?, ?, ?, ?, ?)",
      name,
      `${new Date(this.#clock.nowMs()).toISOString().slice(0, 19)}Z`,
      JSON.stringify(labels),
      JSON.stringify(request.options),
      request.name === "" ? 1 : 0,
      request.name === "" ? this.#owner : null,
    );
    try {
      failpoint("volume.row");
      await this.#makeDirectory(name);
    } catch (error) {
      this.#database.run("DELETE FROM volumes WHERE name = ?", name);
      // A directory without a row is the next boot's, where it cannot be removed now.
      await rm(join(this.#root, name), { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    const made = this.get(name);
    if (!made) throw missing(name);
    return made;
  }

  async remove(name: string): Promise<void> {
    if (!this.get(name)) throw missing(name);
    const trash = join(this.#root, `.trash-${randomHexId()}`);
    await rename(join(this.#root, name), trash).catch(ignoreMissing);
    try {
      failpoint("volume.trashed");
      this.#database.run("DELETE FROM volumes WHERE name = ?", name);
    } catch (error) {
      await rename(trash, join(this.#root, name)).catch(ignoreMissing);
      throw error;
    }
    this.#trash.add(trash);
    failpoint("volume.row-gone");
    await this.#emptyTrash();
  }

  async #emptyTrash(): Promise<void> {
    for (const path of this.#trash) {
      await rm(path, { recursive: true, force: true });
      this.#trash.delete(path);
    }
  }

  release(owner: string): void {
    this.#database.run("UPDATE volumes SET owner = NULL WHERE owner = ?", owner);
  }

  owned(): { name: string; owner: string }[] {
    return this.#database.all("SELECT name, owner FROM volumes WHERE owner IS NOT NULL");
  }

  async reconcile(): Promise<{ removed: number; made: number }> {
    const known = new Set(this.list().map(({ name }) => name));
    const found = await readdir(this.#root);
    const strangers = found.filter((name) => !known.has(name));
    for (const name of strangers) await rm(join(this.#root, name), { recursive: true, force: true });
    const lost = [...known].filter((name) => !found.includes(name));
    for (const name of lost) await this.#makeDirectory(name);
    return { removed: strangers.length, made: lost.length };
  }

  async #makeDirectory(name: string): Promise<void> {
    await mkdir(join(this.#root, name, "_data"), { recursive: true, mode: 0o755 });
    await syncDirectory(this.#root);
  }

  #record(row: VolumeRow): VolumeRecord {
    return {
      name: row.name,
      driver: "local",
      mountpoint: join(this.#root, row.name, "_data"),
      createdAt: row.created_at,
      labels: JSON.parse(row.labels) as Record<string, string>,
      options: JSON.parse(row.options) as Record<string, string>,
      anonymous: row.anonymous === 1,
    };
  }
}

function checkDriver({ name, driver, options }: VolumeRequest): void {
  const blame = name === "" ? "" : `create ${name}: `;
  if (driver !== "" && driver !== "local") {
    throw new EngineError(
      "not_found",
      `${blame}error looking up volume plugin ${driver}: plugin "${driver}" not found`,
    );
  }
  const [option] = Object.keys(options);
  if (option !== undefined) throw new EngineError("invalid", `${blame}invalid option: ${JSON.stringify(option)}`);
}

function checkName(name: string): string {
  if (name.length < 2) {
    throw new EngineError(
      "invalid",
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    throw new EngineError(
      "invalid",
      `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  return name;
}

function missing(name: string): EngineError {
  return new EngineError("not_found", `get ${name}: no such volume`);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
