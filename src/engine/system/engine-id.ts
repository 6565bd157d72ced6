import { randomUUID } from "node:crypto";
import type { Database } from "#store";

/** The engine's own id: made once, kept with its data. */
export function engineId(database: Database): string {
  database.migrate("engine", ["CREATE TABLE engine (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"]);
  database.run("INSERT OR IGNORE INTO engine VALUES ('id', ?)", randomUUID());
  return database.get<{ value: string }>("SELECT value FROM engine WHERE key = 'id'")?.value ?? "";
}
