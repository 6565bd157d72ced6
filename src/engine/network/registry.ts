import { EngineError, parseNetworkId, randomHexId, type Clock, type NetworkId } from "#core";
import type { Database } from "#store";
import type { BridgeOptions } from "../deps.ts";

/** A network as its row keeps it. */
export interface NetworkRecord {
  readonly id: NetworkId;
  readonly name: string;
  readonly driver: "bridge" | "host" | "null";
  readonly createdAt: string;
}

export interface NetworkRegistry {
  list(): NetworkRecord[];
  /** Full id, exact name, or unique id prefix. @throws EngineError `not_found`, `invalid` when ambiguous */
  find(ref: string): NetworkRecord;
  named(name: string): NetworkRecord | undefined;
  readonly defaultBridge: NetworkRecord;
  readonly bridge: BridgeOptions;
}

const schema = [
  "CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, created_at TEXT NOT NULL) STRICT",
];

const predefined = [
  ["bridge", "bridge"],
  ["host", "host"],
  ["none", "null"],
] as const;

interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly driver: NetworkRecord["driver"];
  readonly created_at: string;
}

/** Makes the three predefined networks the first time. */
export function openNetworkRegistry(database: Database, clock: Clock, bridge: BridgeOptions): NetworkRegistry {
  database.migrate("networks", schema);
  database.transaction(() => {
    for (const [name, driver] of predefined) {
      const now = new Date(clock.nowMs()).toISOString();
      database.run("INSERT OR IGNORE INTO networks VALUES (?, ?, ?, ?)", randomHexId(), name, driver, now);
    }
  });
  const records = database.all<NetworkRow>("SELECT * FROM networks ORDER BY name").map(toRecord);
  const find = (ref: string): NetworkRecord => findNetwork(records, ref);
  const named = (name: string): NetworkRecord | undefined => records.find((record) => record.name === name);
  return { list: () => [...records], find, named, defaultBridge: find("bridge"), bridge };
}

function toRecord(row: NetworkRow): NetworkRecord {
  return { id: parseNetworkId(row.id), name: row.name, driver: row.driver, createdAt: row.created_at };
}

function findNetwork(records: readonly NetworkRecord[], ref: string): NetworkRecord {
  const exact = records.find(({ id, name }) => id === ref || name === ref);
  if (exact) return exact;
  const matches = ref === "" ? [] : records.filter(({ id }) => id.startsWith(ref));
  if (matches.length > 1) {
    throw new EngineError(
      "invalid",
      `network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`,
    );
  }
  const [match] = matches;
  if (!match) throw new EngineError("not_found", `network ${ref} not found`);
  return match;
}
