import { closeSync, constants, existsSync, openSync } from "node:fs";
import { EngineError } from "#core";
import { bindLibc, check, cString, EINVAL, errno, long, SyscallError } from "./libc.ts";
import { bindMount, callMount } from "./mounts.ts";

const libc = bindLibc({ read: { args: ["i32", "ptr", "u64"], returns: long } });
const fsopenCall = bindLibc({ syscall: { args: ["i64", "ptr", "i64"], returns: long } }).syscall;
const fsconfigCall = bindLibc({ syscall: { args: ["i64", "i64", "i64", "ptr", "ptr", "i64"], returns: long } }).syscall;
const fsmountCall = bindLibc({ syscall: { args: ["i64", "i64", "i64", "i64"], returns: long } }).syscall;
const moveMountCall = bindLibc({
  syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: long },
}).syscall;

/** System call numbers; the same on every architecture (they are newer than the split tables). */
const numbers = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
const fsconfig = { setFlag: 0, setString: 1, create: 6 } as const;
const atCwd = -100;
const oPath = 0x200000;
/** fsconfig(2) refuses strings of this size (fs/fsopen.c). */
const maxValueBytes = 256;
/** mount(2) copies one page of options. */
const maxDataBytes = 4095;
/** The upper directory must stay a plain diff of the lower ones: no redirects, no data-less copies. */
const diffOptions = ["redirect_dir=off", "metacopy=off", "index=off"];

export interface OverlayOptions {
  /** Top layer first, at least one. */
  readonly lower: readonly string[];
  /** Without it the mount is read-only. Needs `work`: an empty directory on the same file system. */
  readonly upper?: string;
  readonly work?: string;
  readonly target: string;
  /** More options of overlayfs: `key=value` or `flag`. */
  readonly options?: readonly string[];
}

/**
 * Mounts overlayfs at `target`. Any number of layers and any path works: long or odd paths are named through
 * /proc/self/fd. One lower directory without `upper` becomes a read-only bind mount, as overlayfs wants two.
 * @throws SyscallError with the kernel's own explanation where there is one
 */
export function mountOverlay(options: OverlayOptions): void {
  const [only, ...more] = options.lower;
  if (only === undefined)
    throw new EngineError("invalid", `overlay mount of ${options.target} without lower directory`);
  if ((options.upper === undefined) !== (options.work === undefined)) {
    throw new EngineError("invalid", `overlay mount of ${options.target} needs upper and work together`);
  }
  if (more.length === 0 && options.upper === undefined) {
    bindMount(only, options.target, { readonly: true });
    return;
  }
  appendsLowers ??= findsAppendedLowers();
  if (appendsLowers) mountByContext(options);
  else mountByData(options);
}

/** Whether this kernel's overlayfs takes layers one by one; asked once. */
let appendsLowers: boolean | undefined;

/**
 * False when the kernel lacks `lowerdir+` (before 6.8), the calls themselves (before 5.2), or lets overlayfs see its
 * options only at the mount (before 6.5): there any key is taken, one that nobody knows, too.
 */
function findsAppendedLowers(): boolean {
  using context = openContext();
  return context !== undefined && !context.knows("lighter-probe") && context.knows("lowerdir+");
}

function mountByContext(options: OverlayOptions): void {
  using context = openContext();
  if (context === undefined) throw new SyscallError("fsopen", errno(), "overlay");
  using paths = new PathNames();
  for (const lower of options.lower) context.set("lowerdir+", paths.name(lower, isLongValue));
  if (options.upper !== undefined) context.set("upperdir", paths.name(options.upper, isLongValue));
  if (options.work !== undefined) context.set("workdir", paths.name(options.work, isLongValue));
  for (const option of [...diffOptions, ...(options.options ?? [])]) context.setOption(option);
  context.mount(options.target);
}

function isLongValue(path: string): boolean {
  return Buffer.byteLength(path) >= maxValueBytes || path.includes("\\");
}

/** The way of kernels before 6.8: all options in one string of mount(2). */
export function mountByData(options: OverlayOptions): void {
  using paths = new PathNames();
  const plain = overlayData(options, (path) => paths.name(path, hasSeparator));
  const fits = Buffer.byteLength(plain) <= maxDataBytes;
  const data = fits ? plain : overlayData(options, (path) => paths.name(path, () => true));
  if (Buffer.byteLength(data) > maxDataBytes) {
    throw new EngineError("exhausted", `too many layers for this kernel's overlayfs: ${options.lower.length}`);
  }
  try {
    callMount({ source: "overlay", target: options.target, type: "overlay", flags: 0, data });
  } catch (error) {
    throw withReason(error, options);
  }
}

/** The kernel says no more than "no such file" here: says which. */
function withReason(error: unknown, { lower, upper, work }: OverlayOptions): unknown {
  const missing = [...lower, upper, work].find((path) => path !== undefined && !existsSync(path));
  return missing !== undefined && error instanceof SyscallError
    ? new SyscallError("overlay mount", error.errno, missing)
    : error;
}

function hasSeparator(path: string): boolean {
  return /[\\:,]/.test(path);
}

function overlayData(options: OverlayOptions, name: (path: string) => string): string {
  const parts = [`lowerdir=${options.lower.map(name).join(":")}`];
  if (options.upper !== undefined) parts.push(`upperdir=${name(options.upper)}`);
  if (options.work !== undefined) parts.push(`workdir=${name(options.work)}`);
  return [...parts, ...diffOptions, ...(options.options ?? [])].join(",");
}

/** Short names for paths; the descriptors behind them are needed only until the mount is made. */
class PathNames implements Disposable {
  readonly #descriptors: number[] = [];

  name(path: string, needsShort: (path: string) => boolean): string {
    if (!needsShort(path)) return path;
    const fd = openSync(path, oPath | constants.O_DIRECTORY);
    this.#descriptors.push(fd);
    return `/proc/self/fd/${fd}`;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#descriptors) closeSync(fd);
  }
}

function openContext(): OverlayContext | undefined {
  const closeOnExec = 1;
  const fd = Number(fsopenCall(numbers.fsopen, cString("overlay"), closeOnExec));
  return fd < 0 ? undefined : new OverlayContext(fd);
}

/** A file system context of fsopen(2). */
class OverlayContext implements Disposable {
  readonly #fd: number;
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether the kernel knows the key; a context that was asked is good for nothing else. */
  knows(key: string): boolean {
    if (this.#configure(fsconfig.setString, key, "/") === 0) return true;
    return errno() !== EINVAL || !/unknown parameter/i.test(this.#log());
  }

  set(key: string, value: string): void {
    if (this.#configure(fsconfig.setString, key, value) !== 0) throw this.#refusal(errno(), `${key}=${value}`);
  }

  setOption(option: string): void {
    const at = option.indexOf("=");
    if (at >= 0) this.set(option.slice(0, at), option.slice(at + 1));
    else if (this.#configure(fsconfig.setFlag, option, undefined) !== 0) throw this.#refusal(errno(), option);
  }

  mount(target: string): void {
    if (this.#configure(fsconfig.create, undefined, undefined) !== 0) throw this.#refusal(errno(), target);
    const closeOnExec = 1;
    const mount = check(Number(fsmountCall(numbers.fsmount, this.#fd, closeOnExec, 0)), "fsmount", target);
    try {
      const emptyPath = 4;
      const moved = moveMountCall(numbers.moveMount, mount, cString(""), atCwd, cString(target), emptyPath);
      check(Number(moved), "move_mount", target);
    } finally {
      closeSync(mount);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #configure(command: number, key: string | undefined, value: string | undefined): number {
    const [k, v] = [key === undefined ? null : cString(key), value === undefined ? null : cString(value)];
    return Number(fsconfigCall(numbers.fsconfig, this.#fd, command, k, v, 0));
  }

  #refusal(failure: number, subject: string): SyscallError {
    return refusal(failure, subject, this.#log());
  }

  /** The kernel's messages so far, `e overlay: …` each; reading takes them out. */
  #log(): string {
    const lines: string[] = [];
    const buffer = Buffer.alloc(1024);
    for (;;) {
      const count = Number(libc.read(this.#fd, buffer, buffer.length));
      if (count <= 0) return lines.join("; ");
      lines.push(buffer.toString("utf8", 0, count).replace(/^\w /, "").trim());
    }
  }
}

function refusal(failure: number, subject: string, log: string): SyscallError {
  return new SyscallError("overlay mount", failure, log === "" ? subject : `${subject} (${log})`);
}
