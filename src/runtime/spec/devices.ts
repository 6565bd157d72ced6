import { readdirSync, statSync, type Stats } from "node:fs";
import { EngineError } from "#core";
import type { DeviceMapping, OciDeviceRule, OciSpec } from "#spec";

type OciDevice = NonNullable<OciSpec["linux"]["devices"]>[number];

/** A device of the host inside a container, with what the container may do: letters of `rwm`. */
export interface ContainerDevice extends OciDevice {
  readonly access: string;
}

/** Docker's: /dev/null, zero, random, urandom, tty and console besides what the OCI runtime always gives. */
const defaultRules: readonly OciDeviceRule[] = [
  { allow: false, access: "rwm" },
  ...(
    [
      [1, 5],
      [1, 3],
      [1, 9],
      [1, 8],
      [5, 0],
      [5, 1],
    ] as const
  ).map(([major, minor]) => rule(major, minor)),
  { allow: false, type: "c", major: 10, minor: 229, access: "rwm" },
];

function rule(major: number, minor: number): OciDeviceRule {
  return { allow: true, type: "c", major, minor, access: "rwm" };
}

export interface DeviceRequest {
  readonly privileged: boolean;
  readonly devices: readonly ContainerDevice[];
  /** Docker's `DeviceCgroupRules`: `c 1:3 rwm`, with `*` for any number. */
  readonly rules: readonly string[];
}

export interface DeviceResult {
  readonly devices: readonly OciDevice[];
  readonly rules: readonly OciDeviceRule[];
}

/** @throws EngineError `invalid` for a rule that cannot be read */
export function resolveDevices(request: DeviceRequest): DeviceResult {
  const devices = request.devices.map(withoutAccess);
  if (request.privileged) return { devices, rules: [{ allow: true, access: "rwm" }] };
  const ofDevices = request.devices.map(({ type, major, minor, access }): OciDeviceRule => ({
    allow: true,
    type,
    major,
    minor,
    access,
  }));
  return { devices, rules: [...defaultRules, ...ofDevices, ...request.rules.map(parseRule)] };
}

function withoutAccess(device: ContainerDevice): OciDevice {
  const { path, type, major, minor, fileMode, uid, gid } = device;
  return {
    path,
    type,
    major,
    minor,
    ...(fileMode === undefined ? {} : { fileMode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}

function parseRule(text: string): OciDeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text);
  if (match === null) throw new EngineError("invalid", `invalid device cgroup rule format: '${text}'`);
  const [, type = "a", major = "*", minor = "*", access = ""] = match;
  return {
    allow: true,
    type,
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    access,
  };
}

/** Looks up the devices of `--device`; a directory gives those in it. @throws EngineError `invalid` when there is none */
export function readDevices(mappings: readonly DeviceMapping[]): ContainerDevice[] {
  return mappings.flatMap(({ PathOnHost, PathInContainer, CgroupPermissions }) => {
    const access = CgroupPermissions === "" ? "rwm" : CgroupPermissions;
    const path = PathInContainer === "" ? PathOnHost : PathInContainer;
    const stat = statSync(PathOnHost, { throwIfNoEntry: false });
    const found = stat?.isDirectory() === true ? readDirectory(PathOnHost, path) : [deviceOf(path, stat)];
    const devices = found.filter((device) => device !== undefined);
    if (devices.length > 0) return devices.map((device) => ({ ...device, access }));
    const reason = stat === undefined ? "no such file or directory" : "not a device node";
    throw new EngineError(
      "invalid",
      `error gathering device information while adding custom device "${PathOnHost}": ${reason}`,
    );
  });
}

/** Every device node of the host, as a privileged container gets them. */
export function readHostDevices(): ContainerDevice[] {
  return readDirectory("/dev", "/dev").map((device) => ({ ...device, access: "rwm" }));
}

/** Made anew in every container. */
const ownDirectories = new Set(["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"]);

function readDirectory(source: string, target: string): OciDevice[] {
  return readdirSync(source, { withFileTypes: true }).flatMap((entry) => {
    const [from, to] = [`${source}/${entry.name}`, `${target}/${entry.name}`];
    if (entry.isDirectory()) return ownDirectories.has(entry.name) ? [] : readDirectory(from, to);
    if (!(entry.isCharacterDevice() || entry.isBlockDevice()) || from === "/dev/console") return [];
    const device = deviceOf(to, statSync(from, { throwIfNoEntry: false }));
    return device === undefined ? [] : [device];
  });
}

function deviceOf(path: string, stat: Stats | undefined): OciDevice | undefined {
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return undefined;
  const { major, minor } = deviceNumbers(stat.rdev);
  return {
    path,
    type: stat.isBlockDevice() ? "b" : "c",
    major,
    minor,
    fileMode: stat.mode & 0o777,
    uid: stat.uid,
    gid: stat.gid,
  };
}

/** gnu_dev_major(3) and gnu_dev_minor(3). */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const high = Math.floor(rdev / 2 ** 32);
  const low = rdev % 2 ** 32;
  return { major: ((low >>> 8) & 0xfff) | (high & 0xfffff000), minor: (low & 0xff) | ((low >>> 12) & 0xfff00) };
}
