/**
 * Leases keep things alive that no row refers to yet: a blob just written, a chain about to get its image.
 * They live in memory, since they end with the process that holds them; boot drops what nothing refers to.
 */
export interface Leases {
  acquire(): Lease;
  /** True while any lease holds the resource. */
  isHeld(resource: string): boolean;
}

export interface Lease extends Disposable {
  /** Holds `resource` (a digest, chain id or snapshot key) until the lease is disposed. Repeats are harmless. */
  add(resource: string): void;
}

export function createLeases(): Leases {
  const counts = new Map<string, number>();
  return {
    acquire: () => createLease(counts),
    isHeld: (resource) => counts.has(resource),
  };
}

function createLease(counts: Map<string, number>): Lease {
  const held = new Set<string>();
  return {
    add(resource) {
      if (held.has(resource)) return;
      held.add(resource);
      counts.set(resource, (counts.get(resource) ?? 0) + 1);
    },
    [Symbol.dispose]() {
      for (const resource of held) release(counts, resource);
      held.clear();
    },
  };
}

function release(counts: Map<string, number>, resource: string): void {
  const left = (counts.get(resource) ?? 1) - 1;
  if (left > 0) counts.set(resource, left);
  else counts.delete(resource);
}
