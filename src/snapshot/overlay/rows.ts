import { type ChainId, EngineError, parseChainId, parseSnapshotKey, type SnapshotKey } from "#core";
import type { Database } from "#store";
import type { SnapshotInfo, SnapshotUsage } from "../mod.ts";

/** `id` names the directory: short, so that many layers fit in one mount call; never used twice. */
const schema = [
  `CREATE TABLE overlay_snapshot (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('active', 'view', 'committed')),
    key TEXT UNIQUE,
    chain TEXT UNIQUE,
    parent INTEGER REFERENCES overlay_snapshot (id),
    bytes INTEGER,
    inodes INTEGER,
    created_ms INTEGER NOT NULL,
    CHECK ((kind = 'committed') = (chain IS NOT NULL) AND (chain IS NULL) = (key IS NOT NULL))
  ) STRICT;
  CREATE INDEX overlay_snapshot_parent ON overlay_snapshot (parent);`,
];

export interface SnapshotRow {
  readonly id: number;
  readonly kind: SnapshotInfo["kind"];
  readonly key: string | null;
  readonly chain: string | null;
  readonly parent: number | null;
  readonly parentChain: string | null;
  readonly bytes: number | null;
  readonly inodes: number | null;
  readonly createdMs: number;
}

const select = `SELECT s.id, s.kind, s.key, s.chain, s.parent, p.chain AS parentChain, s.bytes, s.inodes, s.created_ms AS createdMs
  FROM overlay_snapshot s LEFT JOIN overlay_snapshot p ON p.id = s.parent`;

/** The rows of one overlay snapshotter. */
export class SnapshotRows {
  readonly #database: Database;
  /** Directories below a committed snapshot, itself first: what is committed never changes its parents. */
  readonly #stacks = new Map<number, readonly number[]>();

  constructor(database: Database) {
    this.#database = database;
    database.migrate("snapshot-overlay", schema);
  }

  byKey(key: SnapshotKey): SnapshotRow | undefined {
    return this.#database.get<SnapshotRow>(`${select} WHERE s.key = ?`, key);
  }

  byChain(chain: ChainId): SnapshotRow | undefined {
    return this.#database.get<SnapshotRow>(`${select} WHERE s.chain = ?`, chain);
  }

  /** Parents before their children, else in the order they were made. */
  all(): SnapshotRow[] {
    const rows = this.#database.all<SnapshotRow>(`${select} ORDER BY s.id`);
    const waiting = new Map(rows.map((row) => [row.id, row]));
    const sorted: SnapshotRow[] = [];
    for (const row of rows) takeWithParents(row, waiting, sorted);
    return sorted;
  }

  /** `materialise` runs before the row is committed. @throws EngineError `already_exists`, `not_found` */
  insert(snapshot: NewSnapshot, materialise: (id: number, parent: SnapshotRow | undefined) => void): SnapshotRow {
    const { kind, key, parent, createdMs } = snapshot;
    // An active snapshot belongs to a row of its owner, whose commit makes this one durable.
    return this.#database.relaxed(() => {
      const parentRow = parent === undefined ? undefined : this.requireChain(parent);
      if (this.byKey(key)) throw new EngineError("already_exists", `snapshot ${key} already exists`);
      const sql = "INSERT INTO overlay_snapshot (kind, key, parent, created_ms) VALUES (?, ?, ?, ?)";
      const { lastInsertRowid: id } = this.#database.run(sql, kind, key, parentRow?.id ?? null, createdMs);
      materialise(id, parentRow);
      const row = { id, kind, key, chain: null, parent: parentRow?.id ?? null, parentChain: parent ?? null };
      return { ...row, bytes: null, inodes: null, createdMs };
    });
  }

  /** False when the name is taken. With `parent` it stands on that one from now on. @throws EngineError `not_found` (parent) */
  commit(id: number, chain: ChainId, usage: SnapshotUsage, parent?: ChainId): boolean {
    return this.#database.transaction(() => {
      if (this.byChain(chain)) return false;
      if (parent !== undefined) {
        this.#database.run("UPDATE overlay_snapshot SET parent = ? WHERE id = ?", this.requireChain(parent).id, id);
      }
      const sql =
        "UPDATE overlay_snapshot SET kind = 'committed', key = NULL, chain = ?, bytes = ?, inodes = ? WHERE id = ?";
      this.#database.run(sql, chain, usage.bytes, usage.inodes, id);
      return true;
    });
  }

  delete(id: number): void {
    this.#database.relaxed(() => this.#database.run("DELETE FROM overlay_snapshot WHERE id = ?", id));
    this.#stacks.delete(id);
  }

  /** @throws EngineError `not_found`, `conflict` */
  deleteCommitted(chain: ChainId): SnapshotRow {
    return this.#database.transaction(() => {
      const row = this.requireChain(chain);
      const child = this.#database.get<{ name: string }>(
        "SELECT coalesce(chain, key) AS name FROM overlay_snapshot WHERE parent = ? LIMIT 1",
        row.id,
      );
      if (child) throw new EngineError("conflict", `snapshot ${chain} is in use by ${child.name}`);
      this.delete(row.id);
      return row;
    });
  }

  /** @throws EngineError `not_found` */
  requireKey(key: SnapshotKey): SnapshotRow {
    const row = this.byKey(key);
    if (row === undefined) throw new EngineError("not_found", `snapshot ${key} does not exist`);
    return row;
  }

  /** @throws EngineError `not_found` */
  requireChain(chain: ChainId): SnapshotRow {
    const row = this.byChain(chain);
    if (row === undefined) throw new EngineError("not_found", `snapshot ${chain} does not exist`);
    return row;
  }

  /** Ids from a committed snapshot down to the lowest layer. */
  stack(id: number): readonly number[] {
    let stack = this.#stacks.get(id);
    if (stack === undefined) {
      const sql = "SELECT parent FROM overlay_snapshot WHERE id = ?";
      const parent = this.#database.get<{ parent: number | null }>(sql, id)?.parent ?? null;
      stack = parent === null ? [id] : [id, ...this.stack(parent)];
      this.#stacks.set(id, stack);
    }
    return stack;
  }
}

function takeWithParents(row: SnapshotRow, waiting: Map<number, SnapshotRow>, sorted: SnapshotRow[]): void {
  const line: SnapshotRow[] = [];
  for (let at: SnapshotRow | undefined = row; at && waiting.delete(at.id);) {
    line.push(at);
    at = at.parent === null ? undefined : waiting.get(at.parent);
  }
  sorted.push(...line.reverse());
}

export interface NewSnapshot {
  readonly kind: "active" | "view";
  readonly key: SnapshotKey;
  readonly parent: ChainId | undefined;
  readonly createdMs: number;
}

export function infoOf(row: SnapshotRow): SnapshotInfo {
  const { kind, bytes, inodes, createdMs } = row;
  return {
    kind,
    name: nameOf(row),
    createdMs,
    ...(row.parentChain !== null && { parent: parseChainId(row.parentChain) }),
    ...(bytes !== null && inodes !== null && { usage: { bytes, inodes } }),
  };
}

export function nameOf(row: SnapshotRow): ChainId | SnapshotKey {
  return row.chain === null ? parseSnapshotKey(row.key ?? "") : parseChainId(row.chain);
}
