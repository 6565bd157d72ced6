import { parseImageId, type ImageId } from "#core";
import type { Database } from "#store";
import type { BuildCache } from "./host.ts";

const migrations = [
  `CREATE TABLE build_cache (
    parent TEXT NOT NULL,
    key TEXT NOT NULL,
    image TEXT NOT NULL,
    PRIMARY KEY (parent, key)
  ) STRICT, WITHOUT ROWID;`,
];

/** The steps that were built here, in the engine's database; the newest image of a step. The parent of a first step is the empty text. */
export function createBuildCache(database: Database): BuildCache {
  database.migrate("build", migrations);
  return {
    find(parent, key): ImageId | undefined {
      const sql = "SELECT image FROM build_cache WHERE parent = ? AND key = ?";
      const row = database.get<{ image: string }>(sql, parent ?? "", key);
      return row && parseImageId(row.image);
    },
    put(parent, key, image): void {
      const sql = `INSERT INTO build_cache (parent, key, image) VALUES (?, ?, ?)
        ON CONFLICT (parent, key) DO UPDATE SET image = excluded.image`;
      database.run(sql, parent ?? "", key, image);
    },
  };
}
