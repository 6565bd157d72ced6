import { EngineError } from "#core";
import { capabilityNames } from "#linux";

/** Docker's default set (moby, daemon/pkg/oci/caps/defaults.go). */
export const defaultCapabilities: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

const all = "ALL";

export interface CapabilityRequest {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  /** What the host can give. */
  readonly available: readonly string[];
}

export interface CapabilityResult {
  readonly capabilities: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Docker's `--cap-add` and `--cap-drop`: names in any case, with or without `CAP_`, or ALL.
 * What the host lacks is left out; asked for by name, with a warning.
 * @throws EngineError `invalid` for an unknown name
 */
export function resolveCapabilities(request: CapabilityRequest): CapabilityResult {
  const add = request.add.map((name) => normalize(name, "CapAdd"));
  const drop = request.drop.map((name) => normalize(name, "CapDrop"));
  const wanted = [...new Set(request.privileged ? capabilityNames : tweak(add, drop))];
  const available = new Set(request.available);
  const warnings = add
    .filter((name) => name !== all && wanted.includes(name) && !available.has(name))
    .map((name) => `the host does not have ${name}; it is left out`);
  return { capabilities: wanted.filter((name) => available.has(name)), warnings };
}

function tweak(add: readonly string[], drop: readonly string[]): readonly string[] {
  if (add.includes(all)) return capabilityNames.filter((name) => !drop.includes(name));
  if (drop.includes(all)) return add;
  return [...defaultCapabilities.filter((name) => !drop.includes(name)), ...add];
}

function normalize(text: string, field: string): string {
  const upper = text.toUpperCase();
  if (upper === all) return all;
  const name = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (capabilityNames.includes(name)) return name;
  throw new EngineError("invalid", `invalid ${field}: unknown capability: ${JSON.stringify(name)}`);
}
