/** `X-Docker-Container-Path-Stat`: base64 of this as JSON. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** Go's `os.FileMode`, see {@link goFileMode}. */
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  /** Where a symlink leads in the end, absolute in the container; else empty. */
  readonly linkTarget: string;
}

export const pathStatHeader = "X-Docker-Container-Path-Stat";

/** Bits of Go's `io/fs.FileMode` beyond the nine permissions. */
export const goModeBits = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  pipe: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  charDevice: 2 ** 21,
  sticky: 2 ** 20,
  irregular: 2 ** 19,
} as const;

/** File types of st_mode (inode(7)), by the four bits that hold them. */
const typeBits: Readonly<Record<number, number>> = {
  0o01: goModeBits.pipe,
  0o02: goModeBits.device + goModeBits.charDevice,
  0o04: goModeBits.directory,
  0o06: goModeBits.device,
  0o10: 0,
  0o12: goModeBits.symlink,
  0o14: goModeBits.socket,
};

/** Go's file mode of an st_mode; a positive number of 32 bits. */
export function goFileMode(mode: number): number {
  const { setuid, setgid, sticky, irregular } = goModeBits;
  const special = (mode & 0o4000 ? setuid : 0) + (mode & 0o2000 ? setgid : 0) + (mode & 0o1000 ? sticky : 0);
  return (typeBits[(mode >> 12) & 0o17] ?? irregular) + special + (mode & 0o777);
}

/** True when a Go file mode has this bit. */
export function hasGoMode(mode: number, bit: number): boolean {
  return Math.trunc(mode / bit) % 2 === 1;
}
