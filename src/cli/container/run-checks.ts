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

/** `name[:alias]`. */
export function link(text: string): string {
  if (text === "") throw new Error("empty string specified for links");
  if (text.split(":").length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}

/** A domain of resolv.conf's search list; a lone dot means none at all. */
export function searchDomain(text: string): string {
  const domain = text.trim();
  if (domain === ".") return domain;
  if (
    /^(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))(:?\.(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])))*)\.?\s*$/.test(
      domain,
    ) &&
    domain.length < 255
  )
    return domain.replace(/\.$/, "");
  throw new Error(`${text} is not a valid domain`);
}

/** As Go's net.ParseMAC: 6, 8 or 20 bytes. */
export function isMacAddress(text: string): boolean {
  const bytes = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2})*)$/i.test(text) ? (text.length + 1) / 3 : 0;
  const words = /^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i.test(text) ? ((text.length + 1) / 5) * 2 : 0;
  return [6, 8, 20].includes(bytes) || [6, 8, 20].includes(words);
}

/** Systems and processors that Go knows, and other names of theirs: one of them may stand alone. */
const alone = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux macos nacl netbsd openbsd plan9 solaris wasip1 windows zos 386 aarch64 amd64 amd64p32 arm arm64 arm64be armbe armel armhf i386 loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm x86-64 x86_64".split(
    " ",
  ),
);

/** Checks `os/arch[/variant]` as far as a client can. @throws Error */
export function checkPlatform(text: string): void {
  const parts = text.split("/");
  const failed = (reason: string): Error => new Error(`error parsing specified platform: ${reason}: invalid argument`);
  if (parts.length > 3) throw failed(`${JSON.stringify(text)}: cannot parse platform specifier`);
  if (parts.length === 1 && /^[A-Za-z0-9_.-]+$/.test(text) && !alone.has(text.toLowerCase()))
    throw failed(`${JSON.stringify(text)}: unknown operating system or architecture`);
  const wrong = parts.find((part) => !/^[A-Za-z0-9_.-]+$/.test(part));
  if (wrong !== undefined)
    throw failed(
      `${JSON.stringify(wrong)} is an invalid component of ${JSON.stringify(text)}: platform specifier component must match "^[A-Za-z0-9_.-]+$"`,
    );
}

/** Names in upper case with their prefix, each once, in order. */
export function capabilities(names: readonly string[]): readonly string[] {
  const full = names.map((name) => {
    const upper = name.trim().toUpperCase();
    return upper === "ALL" || upper === "RESET" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  });
  return [...new Set(full)].sort();
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
export function isAddress(text: string): boolean {
  if (text.includes(":")) return /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}
