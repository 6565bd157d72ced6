/**
 * volume: data that outlives containers.
 *
 * A volume is a row and a directory `<root>/<name>/_data`. The row comes first, the directory second; boot makes
 * directories that a crash left out and removes those that have no row.
 */
import type { VolumeInfo } from "#spec";

export interface VolumeRecord {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made for a container without a name of its own. */
  readonly anonymous: boolean;
}

export interface VolumeRequest {
  /** Empty: anonymous, 64 hex digits. */
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface VolumeStore {
  list(): VolumeRecord[];
  get(name: string): VolumeRecord | undefined;
  /** The existing one when name and driver agree. @throws EngineError `invalid` (name, option), `not_found` (driver) */
  create(request: VolumeRequest): Promise<VolumeRecord>;
  /** The caller has checked that nothing uses it. @throws EngineError `not_found` */
  remove(name: string): Promise<void>;
  /** The same volumes; the anonymous ones that it makes end with their owner, a container, until they are released. */
  forOwner(owner: string): VolumeStore;
  /** The volumes of this owner belong to nobody from now on, and stay. */
  release(owner: string): void;
  /** Volumes that have an owner. */
  owned(): readonly { readonly name: string; readonly owner: string }[];
  /** Boot. Number of directories removed and made. */
  reconcile(): Promise<{ readonly removed: number; readonly made: number }>;
}

/** As the Engine API shows a volume. */
export function volumeInfo(record: VolumeRecord): VolumeInfo {
  const { name, driver, mountpoint, createdAt, labels, options } = record;
  return {
    Name: name,
    Driver: driver,
    Mountpoint: mountpoint,
    CreatedAt: createdAt,
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Scope: "local",
    Options: Object.keys(options).length === 0 ? null : options,
  };
}
