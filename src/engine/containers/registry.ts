import { createKeyedMutex, EngineError, parseContainerId, silentLogger, type ContainerId, type Logger } from "#core";
import type { Database } from "#store";
import type { ContainerRecord, StateRecord } from "./record.ts";

const schema = [
  `CREATE TABLE containers (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_ns TEXT NOT NULL,
     body TEXT NOT NULL
   ) STRICT`,
];

/**
 * All containers: rows in the database, the same records in memory. Reads never wait; each change of one container
 * goes through {@link ContainerRegistry.exclusive} of its id.
 */
export interface ContainerRegistry {
  readonly size: number;
  all(): ContainerRecord[];
  /** Ids of rows that cannot be read. */
  readonly unreadable: ReadonlySet<ContainerId>;
  get(id: ContainerId): ContainerRecord | undefined;
  /** Full id, name with or without slash, or unique id prefix. @throws EngineError `not_found`, `invalid` when ambiguous */
  find(ref: string): ContainerRecord;
  named(name: string): ContainerRecord | undefined;
  /** @throws EngineError `conflict` when a container other than `own` has the name */
  checkName(name: string, own?: ContainerId): void;
  /** @throws EngineError `conflict` when the name is taken */
  insert(record: ContainerRecord): void;
  /** Durable. */
  save(record: ContainerRecord): ContainerRecord;
  update(id: ContainerId, change: Partial<StateRecord>): ContainerRecord;
  /** As {@link ContainerRegistry.update}, without waiting for the disk: for what a power cut may take. */
  note(id: ContainerId, change: Partial<StateRecord>): ContainerRecord;
  delete(id: ContainerId): void;
  exclusive<T>(id: ContainerId, task: () => Promise<T>): Promise<T>;
}

/** A row that cannot be read is told, left as it is and served to nobody: what belongs to it stays. */
export function openContainerRegistry(database: Database, logger: Logger = silentLogger): ContainerRegistry {
  database.migrate("containers", schema);
  const byId = new Map<ContainerId, ContainerRecord>();
  const byName = new Map<string, ContainerId>();
  const unreadable = new Set<ContainerId>();
  const sql = "SELECT id, body FROM containers ORDER BY created_ns";
  for (const { id, body } of database.all<{ id: ContainerId; body: string }>(sql)) {
    const record = readRow(body);
    if (record === undefined) {
      unreadable.add(id);
      logger.log("error", "the row of a container is damaged: it is left alone", { container: id });
      continue;
    }
    byId.set(record.id, record);
    byName.set(record.name, record.id);
  }
  return new SqliteContainerRegistry(database, { byId, byName, unreadable });
}

function readRow(body: string): ContainerRecord | undefined {
  try {
    return JSON.parse(body) as ContainerRecord;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Rows {
  readonly byId: Map<ContainerId, ContainerRecord>;
  readonly byName: Map<string, ContainerId>;
  readonly unreadable: ReadonlySet<ContainerId>;
}

class SqliteContainerRegistry implements ContainerRegistry {
  readonly #database: Database;
  readonly #byId: Map<ContainerId, ContainerRecord>;
  readonly #byName: Map<string, ContainerId>;
  readonly #lock = createKeyedMutex();
  readonly unreadable: ReadonlySet<ContainerId>;

  constructor(database: Database, { byId, byName, unreadable }: Rows) {
    this.#database = database;
    this.#byId = byId;
    this.#byName = byName;
    this.unreadable = unreadable;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): ContainerRecord[] {
    return [...this.#byId.values()];
  }

  get(id: ContainerId): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  find(ref: string): ContainerRecord {
    const exact = /^[a-f0-9]{64}$/.test(ref) ? this.#byId.get(parseContainerId(ref)) : undefined;
    const found = exact ?? this.named(ref.replace(/^\//, "")) ?? this.#byPrefix(ref);
    if (!found) throw new EngineError("not_found", `No such container: ${ref}`);
    return found;
  }

  named(name: string): ContainerRecord | undefined {
    const id = this.#byName.get(name);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  insert(record: ContainerRecord): void {
    this.checkName(record.name);
    const sql = "INSERT INTO containers VALUES (?, ?, ?, ?)";
    this.#write(record, () =>
      this.#database.run(sql, record.id, record.name, record.createdNs, JSON.stringify(record)),
    );
    this.#byId.set(record.id, record);
    this.#byName.set(record.name, record.id);
  }

  save(record: ContainerRecord): ContainerRecord {
    const before = this.#byId.get(record.id);
    if (!before) throw new EngineError("not_found", `No such container: ${record.id}`);
    this.checkName(record.name, record.id);
    const sql = "UPDATE containers SET name = ?, body = ? WHERE id = ?";
    this.#write(record, () => this.#database.run(sql, record.name, JSON.stringify(record), record.id));
    this.#byName.delete(before.name);
    this.#byName.set(record.name, record.id);
    this.#byId.set(record.id, record);
    return record;
  }

  update(id: ContainerId, change: Partial<StateRecord>): ContainerRecord {
    const record = this.#byId.get(id);
    if (!record) throw new EngineError("not_found", `No such container: ${id}`);
    return this.save({ ...record, state: { ...record.state, ...change } });
  }

  note(id: ContainerId, change: Partial<StateRecord>): ContainerRecord {
    return this.#database.relaxed(() => this.update(id, change));
  }

  delete(id: ContainerId): void {
    const record = this.#byId.get(id);
    if (!record) return;
    this.#write(record, () => this.#database.run("DELETE FROM containers WHERE id = ?", id));
    this.#byId.delete(id);
    this.#byName.delete(record.name);
  }

  checkName(name: string, own?: ContainerId): void {
    const holder = this.named(name);
    if (!holder || holder.id === own) return;
    throw new EngineError(
      "conflict",
      `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }

  exclusive<T>(id: ContainerId, task: () => Promise<T>): Promise<T> {
    return this.#lock(id, task);
  }

  /** A container of `--rm` is not worth waiting for the disk: it does not outlive a power cut anyway. */
  #write({ hostConfig }: ContainerRecord, write: () => unknown): void {
    if (hostConfig.AutoRemove) this.#database.relaxed(write);
    else write();
  }

  #byPrefix(prefix: string): ContainerRecord | undefined {
    if (!/^[a-f0-9]{1,64}$/.test(prefix)) return undefined;
    const matches = this.all().filter(({ id }) => id.startsWith(prefix));
    if (matches.length > 1) throw new EngineError("invalid", `multiple IDs found with provided prefix: ${prefix}`);
    return matches[0];
  }
}
