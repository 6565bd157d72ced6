import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { Database as Sqlite, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { EngineError } from "#core";

/** Values SQLite stores; booleans are 0 and 1. */
export type SqlValue = string | number | bigint | null | Uint8Array;
type Row = Readonly<Record<string, SqlValue>>;

/**
 * The one transactional truth of an engine: SQLite in WAL mode, `synchronous=FULL`, one connection in one process.
 * Calls are synchronous (about 0.2 ms for a commit). A statement is compiled once per text.
 */
export interface Database extends Disposable {
  /** All rows. The caller names the shape; column types are the table's own. */
  all<T>(sql: string, ...values: readonly SqlValue[]): T[];
  get<T>(sql: string, ...values: readonly SqlValue[]): T | undefined;
  /** Number of rows changed and the last rowid. @throws EngineError `already_exists` on a unique clash, `exhausted` on a full disk */
  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
  /** All or nothing; nested calls join the outer transaction. The task must be synchronous. */
  transaction<T>(task: () => T): T;
  /**
   * A transaction that outlives this process at once, and a power cut from the next ordinary commit on: it does not
   * wait for the disk. For rows that mean nothing after a reboot, or that a later commit completes.
   */
  relaxed<T>(task: () => T): T;
  /** Brings a domain's tables to `steps.length`; each step runs once, in order, and is never edited afterwards. */
  migrate(domain: string, steps: readonly string[]): void;
}

/** Opens or creates the file; `:memory:` for tests. */
export function openDatabase(path: string): Database {
  const sqlite = new Sqlite(path, { create: true, strict: true });
  sqlite.run("PRAGMA journal_mode=WAL");
  sqlite.run("PRAGMA synchronous=FULL");
  sqlite.run("PRAGMA foreign_keys=ON");
  sqlite.run("PRAGMA cache_size=-2000");
  sqlite.run("CREATE TABLE IF NOT EXISTS schema_version (domain TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
  if (path !== ":memory:") reserveLog(`${path}-wal`);
  return new SqliteDatabase(sqlite);
}

/** SQLite's log as it is before a checkpoint, 1000 pages and their headers: it is used again from its start and never shrinks. */
const logBytes = 4 * 1024 * 1024 + 128 * 1024;

/**
 * Gives the log its full size at once. On a full disk rows can then still be changed, which is what tidying up needs, and
 * no commit waits for a change of the file's size. The zeros are no valid frames (sqlite.org/fileformat2.html section 4).
 */
function reserveLog(path: string): void {
  const fd = openSync(path, "r+");
  const sizeBytes = fstatSync(fd).size;
  try {
    if (sizeBytes < logBytes) writeSync(fd, new Uint8Array(logBytes - sizeBytes), 0, logBytes - sizeBytes, sizeBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    ftruncateSync(fd, sizeBytes);
  } finally {
    closeSync(fd);
  }
}

class SqliteDatabase implements Database {
  readonly #sqlite: Sqlite;
  readonly #statements = new Map<string, Statement<Row, SQLQueryBindings[]>>();
  #depth = 0;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  all<T>(sql: string, ...values: readonly SqlValue[]): T[] {
    return this.#guard(() => this.#prepare(sql).all(...values)) as T[];
  }

  get<T>(sql: string, ...values: readonly SqlValue[]): T | undefined {
    return (this.#guard(() => this.#prepare(sql).get(...values)) ?? undefined) as T | undefined;
  }

  run(sql: string, ...values: readonly SqlValue[]): { changes: number; lastInsertRowid: number } {
    const result = this.#guard(() => this.#prepare(sql).run(...values));
    return { changes: result.changes, lastInsertRowid: Number(result.lastInsertRowid) };
  }

  transaction<T>(task: () => T): T {
    if (this.#depth > 0) return task();
    this.run("BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const result = task();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.#sqlite.inTransaction) this.run("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
  }

  relaxed<T>(task: () => T): T {
    if (this.#depth > 0) return task();
    // WAL frames are written in order, so the fsync of a later commit carries these too (sqlite.org/wal.html).
    this.run("PRAGMA synchronous=NORMAL");
    try {
      return this.transaction(task);
    } finally {
      this.run("PRAGMA synchronous=FULL");
    }
  }

  migrate(domain: string, steps: readonly string[]): void {
    this.transaction(() => {
      const done =
        this.get<{ version: number }>("SELECT version FROM schema_version WHERE domain = ?", domain)?.version ?? 0;
      if (done > steps.length) {
        throw new EngineError(
          "conflict",
          `the data of ${domain} is of a newer version (${done}) than this program knows (${steps.length})`,
        );
      }
      for (const step of steps.slice(done)) this.#sqlite.run(step);
      this.run(
        "INSERT INTO schema_version VALUES (?, ?) ON CONFLICT (domain) DO UPDATE SET version = excluded.version",
        domain,
        steps.length,
      );
    });
  }

  [Symbol.dispose](): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#sqlite.close();
  }

  #prepare(sql: string): Statement<Row, SQLQueryBindings[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#sqlite.prepare<Row, SQLQueryBindings[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw translate(error);
    }
  }
}

function translate(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)/.test(code)) {
    return new EngineError("already_exists", String(error), { cause: error });
  }
  if (code.startsWith("SQLITE_FULL")) return new EngineError("exhausted", "no space left on device", { cause: error });
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") {
    return new EngineError("corrupt", `the engine's database is damaged: ${String(error)}`, { cause: error });
  }
  return error;
}
