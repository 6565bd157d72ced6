import type { ChainId, DiffId, Digest, ImageId } from "#core";
import type { Database } from "#store";

/** `config` is the config's exact bytes: their digest is the id. `image_names` holds tags and repository digests alike. */
export const migrations: readonly string[] = [
  `CREATE TABLE images (
     id TEXT PRIMARY KEY,
     config BLOB NOT NULL,
     parent TEXT,
     created_ms INTEGER NOT NULL,
     tagged_ms INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_layers (
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     diff_id TEXT NOT NULL,
     chain_id TEXT NOT NULL,
     media_type TEXT NOT NULL,
     blob TEXT NOT NULL,
     blob_size INTEGER NOT NULL,
     unpacked_bytes INTEGER NOT NULL,
     PRIMARY KEY (image_id, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_names (
     repository TEXT NOT NULL,
     version TEXT NOT NULL,
     image_id TEXT NOT NULL REFERENCES images (id),
     PRIMARY KEY (repository, version)
   ) STRICT, WITHOUT ROWID;`,
];

export interface ImageRow {
  readonly id: ImageId;
  readonly config: Uint8Array;
  readonly parent: ImageId | null;
  readonly created_ms: number;
  readonly tagged_ms: number | null;
}

export interface LayerRow {
  readonly image_id: ImageId;
  readonly position: number;
  readonly diff_id: DiffId;
  readonly chain_id: ChainId;
  readonly media_type: string;
  readonly blob: Digest;
  readonly blob_size: number;
  readonly unpacked_bytes: number;
}

/** `version` is `:tag` or `@digest`. */
export interface NameRow {
  readonly repository: string;
  readonly version: string;
  readonly image_id: ImageId;
}

/** The statements of this domain; every change happens inside the caller's transaction. */
export class ImageRows {
  readonly #database: Database;

  constructor(database: Database) {
    database.migrate("image", migrations);
    this.#database = database;
  }

  images(): ImageRow[] {
    return this.#database.all<ImageRow>("SELECT * FROM images ORDER BY created_ms, id");
  }

  layers(): LayerRow[] {
    return this.#database.all<LayerRow>("SELECT * FROM image_layers ORDER BY image_id, position");
  }

  names(): NameRow[] {
    return this.#database.all<NameRow>("SELECT * FROM image_names");
  }

  config(id: ImageId): Uint8Array | undefined {
    return this.#database.get<{ config: Uint8Array }>("SELECT config FROM images WHERE id = ?", id)?.config;
  }

  insertImage(row: ImageRow): void {
    const { id, config, parent, created_ms, tagged_ms } = row;
    this.#database.run("INSERT INTO images VALUES (?, ?, ?, ?, ?)", id, config, parent, created_ms, tagged_ms);
  }

  insertLayer(row: LayerRow): void {
    this.#database.run(
      "INSERT INTO image_layers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.image_id,
      row.position,
      row.diff_id,
      row.chain_id,
      row.media_type,
      row.blob,
      row.blob_size,
      row.unpacked_bytes,
    );
  }

  deleteImage(id: ImageId): void {
    this.#database.run("DELETE FROM images WHERE id = ?", id);
  }

  setParent(id: ImageId, parent: ImageId): void {
    this.#database.run("UPDATE images SET parent = ? WHERE id = ?", parent, id);
  }

  setTagged(id: ImageId, taggedMs: number): void {
    this.#database.run("UPDATE images SET tagged_ms = ? WHERE id = ?", taggedMs, id);
  }

  putName({ repository, version, image_id }: NameRow): void {
    this.#database.run(
      "INSERT INTO image_names VALUES (?, ?, ?) ON CONFLICT (repository, version) DO UPDATE SET image_id = excluded.image_id",
      repository,
      version,
      image_id,
    );
  }

  deleteName(repository: string, version: string): void {
    this.#database.run("DELETE FROM image_names WHERE repository = ? AND version = ?", repository, version);
  }
}
