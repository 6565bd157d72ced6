import type { Digest } from "#core";
import type { Database } from "#store";

/** `refs` counts rows of other domains that need the blob; a blob without any lives as long as a lease holds it. */
export const migrations: readonly string[] = [
  `CREATE TABLE blobs (
     digest TEXT PRIMARY KEY,
     size INTEGER NOT NULL,
     refs INTEGER NOT NULL DEFAULT 0 CHECK (refs >= 0)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX blobs_unreferenced ON blobs (refs) WHERE refs = 0;
   CREATE TABLE ingests (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE,
     touched_ms INTEGER NOT NULL
   ) STRICT;`,
];

export interface BlobRow {
  readonly digest: Digest;
  readonly size: number;
}

export interface IngestRow {
  readonly id: number;
  readonly name: string;
}

/** The statements of this domain. */
export class BlobRows {
  readonly #database: Database;

  constructor(database: Database) {
    database.migrate("content", migrations);
    this.#database = database;
  }

  get(digest: Digest): BlobRow | undefined {
    return this.#database.get<BlobRow>("SELECT digest, size FROM blobs WHERE digest = ?", digest);
  }

  all(): BlobRow[] {
    return this.#database.all<BlobRow>("SELECT digest, size FROM blobs ORDER BY digest");
  }

  unreferenced(): BlobRow[] {
    return this.#database.all<BlobRow>("SELECT digest, size FROM blobs WHERE refs = 0");
  }

  /** The blob is there, its ingest is not any more. */
  publish(digest: Digest, size: number, ingest: number): void {
    this.#database.transaction(() => {
      this.#database.run("INSERT INTO blobs (digest, size) VALUES (?, ?)", digest, size);
      this.dropIngest(ingest);
    });
  }

  /** False when a reference appeared in the meantime. */
  drop(digest: Digest): boolean {
    return this.#database.run("DELETE FROM blobs WHERE digest = ? AND refs = 0", digest).changes > 0;
  }

  /** False when there is no such blob. */
  addReference(digest: Digest, count: 1 | -1): boolean {
    return this.#database.run("UPDATE blobs SET refs = refs + ? WHERE digest = ?", count, digest).changes > 0;
  }

  /** The ingest of that name, made when there is none. */
  ingest(name: string, nowMs: number): IngestRow {
    this.#database.run(
      "INSERT INTO ingests (name, touched_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET touched_ms = excluded.touched_ms",
      name,
      nowMs,
    );
    const row = this.#database.get<IngestRow>("SELECT id, name FROM ingests WHERE name = ?", name);
    if (!row) throw new Error(`the ingest ${name} vanished inside one step`);
    return row;
  }

  ingests(touchedBeforeMs = Number.MAX_SAFE_INTEGER): IngestRow[] {
    return this.#database.all<IngestRow>("SELECT id, name FROM ingests WHERE touched_ms <= ?", touchedBeforeMs);
  }

  touchIngest(id: number, nowMs: number): void {
    this.#database.run("UPDATE ingests SET touched_ms = ? WHERE id = ?", nowMs, id);
  }

  dropIngest(id: number): void {
    this.#database.run("DELETE FROM ingests WHERE id = ?", id);
  }
}
