/**
 * store: durable state. One SQLite database per engine, directories made durable, and leases.
 *
 * Every durable thing is first a row (intent), then material on disk, then a committed row; boot reconciles the two.
 * Each domain owns its tables and brings them up to date with {@link Database.migrate} when it is opened.
 */
export { syncDirectory } from "./sync-directory.ts";
export { openDatabase, type Database, type SqlValue } from "./database.ts";
export { createLeases, type Lease, type Leases } from "./lease.ts";
