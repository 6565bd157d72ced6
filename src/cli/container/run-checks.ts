/** Checks of single flags of run and create, with Docker's texts. Each returns the value to send. @throws Error */

/** `name:address` or `name=address`, as `name:address`; IPv6 in brackets or not. */
export function extraHost(text: string): string {
  const [name = "", address] = /^([^=:]*)[=:](.*)$/s.exec(text)?.slice(1) ?? [];
  if (name === "" || !address) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (bare !== "host-gateway" && !isAddress(bare))
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${bare}`;
}

export function ipAddress(text: string): string {
  if (!isAddress(text.trim())) throw new Error(`IP address is not correctly formatted: ${text}`);
  return text.trim();
}

export function label(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid label '${text}': empty name`);
  return text;
}

const sysctls = [
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
];

/** Only what belongs to a container's own namespaces. */
export function sysctl(text: string): string {
  const [name = "", value] = text.split("=", 2);
  const own = value !== undefined && (sysctls.includes(name) || /^(?:net\.|fs\.mqueue\.)/.test(name));
  if (!own) throw new Error(`sysctl '${text}' is not allowed`);
  return text;
}

export function deviceCgroupRule(text: string): string {
  if (!/^[acb] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}$/.test(text))
    throw new Error(`invalid device cgroup format '${text}'`);
  return text;
}

const modes = {
  pid: { noun: "PID", pattern: /^(?:|host|container:.+)$/ },
  uts: { noun: "UTS", pattern: /^(?:|host)$/ },
  userns: { noun: "USER", pattern: /^(?:|host|private|auto(?::.*)?)$/ },
  cgroupns: { noun: "CGROUP", pattern: /^(?:|host|private)$/ },
} as const;

/** The first of these modes that is none of Docker's, told as it does; undefined when all are well. */
export function wrongMode(values: Readonly<Record<keyof typeof modes, string>>): string | undefined {
  for (const [flag, { noun, pattern }] of Object.entries(modes)) {
    if (!pattern.test(values[flag as keyof typeof modes])) return `--${flag}: invalid ${noun} mode`;
  }
  return undefined;
}

/** IPv4 or IPv6. `node:net` would cost every run 2 ms. */
function isAddress(text: string): boolean {
  if (text.includes(":")) return /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}
