import { readFileSync } from "node:fs";

/** In the order of capability numbers (linux/capability.h). */
export const capabilityNames: readonly string[] = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

/** Names (`CAP_CHOWN`, …); one that {@link capabilityNames} lacks reads `CAP_<number>`. */
export interface Capabilities {
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly bounding: readonly string[];
}

/** The capabilities a process has. */
export function readCapabilities(pid: number | "self" = "self"): Capabilities {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const set = (field: string): string[] =>
    decode(new RegExp(`^${field}:\\s*([0-9a-f]+)`, "m").exec(status)?.[1] ?? "0");
  return { effective: set("CapEff"), permitted: set("CapPrm"), bounding: set("CapBnd") };
}

function decode(hex: string): string[] {
  const mask = BigInt(`0x${hex}`);
  const present: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((mask >> BigInt(bit)) & 1n) === 1n) present.push(capabilityNames[bit] ?? `CAP_${bit}`);
  }
  return present;
}
