/** The name that clients of Docker know. */
export const defaultProfileName = "docker-default";

/**
 * The AppArmor profile of containers (apparmor.d(5)): everything is allowed but what reaches past a container, also for one
 * that has come by a capability: mounts, the kernel's settings and triggers in /proc and /sys, and the processes of others.
 * It needs no file of the host's AppArmor beside it.
 */
export function defaultProfile(name = defaultProfileName): string {
  return `profile ${name} flags=(attach_disconnected, mediate_deleted) {
${rules(name)
  .map((rule) => `  ${rule},\n`)
  .join("")}}
`;
}

function rules(name: string): readonly string[] {
  return [
    "file",
    "network",
    "unix",
    "capability",
    "umount",
    ...["unconfined", "crun", "runc"].map((peer) => `signal (receive) peer=${peer}`),
    `signal (send, receive) peer=${name}`,
    `ptrace (read, readby, trace, tracedby) peer=${name}`,
    "deny mount",
    // Of /proc a process may write to processes, and to settings of shared memory.
    "deny /proc/* w",
    "deny /proc/{acpi,asound,bus,driver,fs,irq,scsi,tty}/** w",
    "deny /proc/{kcore,kmem,mem,sysrq-trigger} rwklx",
    ...allBut("/proc/sys/", "kernel/shm", "w"),
    // Of /sys to its cgroups.
    ...allBut("/sys/", "fs/cg", "wklx"),
    "deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwklx",
  ];
}

/** Denies what is below a directory and does not begin with these letters: patterns know no other negation than of one letter. */
function allBut(directory: string, letters: string, access: string): string[] {
  return Array.from(letters, (letter, at) =>
    // No file name holds a slash.
    letter === "/" ? undefined : `deny ${directory}${letters.slice(0, at)}[^${letter}]** ${access}`,
  ).filter((rule) => rule !== undefined);
}
