import { mkdirSync, statSync } from "node:fs";
import { normalize } from "node:path/posix";
import { EngineError } from "#core";
import type { ContainerConfig, HostConfig, MountSpec } from "#spec";
import type { VolumeRecord, VolumeRequest, VolumeStore } from "#volume";
import type { MountRecord } from "../record.ts";

const bindOptions = new Set(["ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated"]);
const propagations = new Set(["shared", "rshared", "slave", "rslave", "private", "rprivate"]);

/** How missing volumes are made. */
export interface VolumeMaking {
  readonly volumes: VolumeStore;
  /** Removes the new ones. */
  readonly undo: AsyncDisposableStack;
  /** Is told of each new one. */
  onMade(volume: VolumeRecord): void;
}

/** A mount as asked for, before volumes are made. */
type Wanted =
  | {
      readonly kind: "bind";
      readonly source: string;
      readonly target: string;
      readonly options: readonly string[];
      readonly createSource: boolean;
      /** As inspect tells it. */
      readonly mode: string;
    }
  | {
      readonly kind: "volume";
      readonly volume: VolumeRequest;
      readonly target: string;
      readonly options: readonly string[];
      readonly mode: string;
    }
  | { readonly kind: "tmpfs"; readonly target: string; readonly options: readonly string[] };

/**
 * All mounts of a new container, later sources giving way to earlier ones at the same place: binds, mounts, then the
 * VOLUMEs of image and request. Makes what volumes are missing.
 * @throws EngineError `invalid`
 */
export async function resolveMounts(
  config: ContainerConfig,
  host: HostConfig,
  making: VolumeMaking,
): Promise<readonly MountRecord[]> {
  const wanted = new Map<string, Wanted>();
  const tmpfs = new Set(Object.keys(host.Tmpfs ?? {}).map((path) => normalize(path).replace(/(?<=.)\/+$/, "")));
  for (const mount of explicitMounts(host)) {
    if (wanted.has(mount.target) || (mount.kind !== "tmpfs" && tmpfs.has(mount.target)))
      throw new EngineError("invalid", `Duplicate mount point: ${mount.target}`);
    wanted.set(mount.target, mount);
  }
  for (const path of Object.keys(config.Volumes ?? {})) {
    const target = containerTarget(path);
    if (wanted.has(target)) continue;
    wanted.set(target, { kind: "volume", volume: volumeRequest("", host.VolumeDriver), target, options: [], mode: "" });
  }
  const records: MountRecord[] = [];
  for (const mount of wanted.values()) records.push(await realise(mount, making));
  return records;
}

function explicitMounts(host: HostConfig): readonly Wanted[] {
  const binds = (host.Binds ?? []).map((text) => parseBind(text, host.VolumeDriver));
  return [...binds, ...(host.Mounts ?? []).map(fromSpec)];
}

/** `src:dst[:options]`, where src is an absolute path or a volume's name; `dst` alone is an anonymous volume. */
function parseBind(text: string, driver: string | undefined): Wanted {
  const parts = text.split(":");
  if (parts.length > 3 || parts.some((part) => part === ""))
    throw new EngineError("invalid", `invalid volume specification: '${text}'`);
  const [source = "", destination, mode = ""] = parts;
  const options = mode === "" ? [] : mode.split(",");
  for (const option of options) {
    if (!bindOptions.has(option) && !propagations.has(option))
      throw new EngineError("invalid", `invalid mode: ${mode}`);
  }
  if (options.includes("ro") && options.includes("rw")) throw new EngineError("invalid", `invalid mode: ${mode}`);
  if (destination === undefined)
    return { kind: "volume", volume: volumeRequest("", driver), target: containerTarget(source), options, mode };
  const type = source.startsWith("/") ? "bind" : "volume";
  const target = containerTarget(destination, `invalid volume specification: '${text}': ${badConfig(type)}`);
  if (type === "bind") return { kind: "bind", source: normalize(source), target, options, createSource: true, mode };
  return { kind: "volume", volume: volumeRequest(source, driver), target, options, mode: mode || "z" };
}

function fromSpec(spec: MountSpec): Wanted {
  if (spec.Target === "") throw new EngineError("invalid", `${badConfig(spec.Type)}field Target must not be empty`);
  const target = containerTarget(spec.Target, badConfig(spec.Type));
  const readonly = spec.ReadOnly ? ["ro"] : [];
  switch (spec.Type) {
    case "bind":
      return bindFromSpec(spec, target, readonly);
    case "volume":
      return volumeFromSpec(spec, target, readonly);
    case "tmpfs":
      if (spec.Source) throw new EngineError("invalid", `${badConfig("tmpfs")}field Source must not be specified`);
      return { kind: "tmpfs", target, options: [...readonly, ...tmpfsOptions(spec)] };
    case "image":
    case "npipe":
    case "cluster":
      throw new EngineError("not_implemented", `mount type ${spec.Type} is not supported`);
    default:
      throw new EngineError("invalid", `${badConfig(spec.Type)}mount type unknown`);
  }
}

/** Start of what Docker says of a mount that cannot be. */
function badConfig(type: string): string {
  return `invalid mount config for type ${JSON.stringify(type)}: `;
}

function bindFromSpec(spec: MountSpec, target: string, readonly: readonly string[]): Wanted {
  const source = spec.Source ?? "";
  if (source === "") throw new EngineError("invalid", `${badConfig("bind")}field Source must not be empty`);
  if (!source.startsWith("/")) {
    throw new EngineError(
      "invalid",
      `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`,
    );
  }
  const createSource = spec.BindOptions?.CreateMountpoint === true;
  if (!createSource && !statSync(source, { throwIfNoEntry: false })) {
    throw new EngineError(
      "invalid",
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    );
  }
  const propagation = spec.BindOptions?.Propagation;
  const nonRecursive = spec.BindOptions?.NonRecursive ? ["bind-nonrecursive"] : [];
  const options = [...readonly, ...(propagation ? [propagation] : []), ...nonRecursive];
  return { kind: "bind", source: normalize(source), target, options, createSource, mode: "" };
}

function volumeFromSpec(spec: MountSpec, target: string, readonly: readonly string[]): Wanted {
  if (spec.VolumeOptions?.Subpath) throw new EngineError("not_implemented", "volume subpaths are not supported");
  const driver = spec.VolumeOptions?.DriverConfig;
  const volume = {
    ...volumeRequest(spec.Source ?? "", driver?.Name),
    labels: spec.VolumeOptions?.Labels ?? {},
    options: driver?.Options ?? {},
  };
  const options = [...readonly, ...(spec.VolumeOptions?.NoCopy ? ["nocopy"] : [])];
  return { kind: "volume", volume, target, options, mode: "z" };
}

function tmpfsOptions({ TmpfsOptions: options }: MountSpec): readonly string[] {
  const size = options?.SizeBytes ? [`size=${options.SizeBytes}`] : [];
  const mode = options?.Mode ? [`mode=${options.Mode.toString(8)}`] : [];
  return [...size, ...mode];
}

function volumeRequest(name: string, driver: string | undefined): VolumeRequest {
  return { name, driver: driver ?? "", options: {}, labels: {} };
}

/** @param blame what the error starts with */
function containerTarget(
  path: string,
  blame = `invalid volume specification: '${path}': ${badConfig("volume")}`,
): string {
  const clean = normalize(path).replace(/(?<=.)\/+$/, "");
  const fault = !clean.startsWith("/")
    ? `invalid mount path: '${path}' mount path must be absolute`
    : clean === "/"
      ? "invalid specification: destination can't be '/'"
      : undefined;
  if (fault !== undefined) throw new EngineError("invalid", `${blame}${fault}`);
  return clean;
}

async function realise(mount: Wanted, making: VolumeMaking): Promise<MountRecord> {
  const { target: Destination, options } = mount;
  const RW = !options.includes("ro");
  if (mount.kind === "tmpfs") {
    return { Type: "tmpfs", Source: "", Destination, Mode: "", RW, Propagation: "", anonymous: false, options };
  }
  if (mount.kind === "bind") {
    // What is there may be a file.
    if (mount.createSource && !statSync(mount.source, { throwIfNoEntry: false }))
      mkdirSync(mount.source, { recursive: true, mode: 0o755 });
    const Propagation = options.find((option) => propagations.has(option)) ?? "rprivate";
    return {
      Type: "bind",
      Source: mount.source,
      Destination,
      Mode: mount.mode,
      RW,
      Propagation,
      anonymous: false,
      options,
    };
  }
  const volume = await makeVolume(mount.volume, making);
  return {
    Type: "volume",
    Name: volume.name,
    Source: volume.mountpoint,
    Destination,
    Driver: volume.driver,
    Mode: mount.mode,
    RW,
    Propagation: "",
    anonymous: mount.volume.name === "",
    options,
  };
}

async function makeVolume(request: VolumeRequest, making: VolumeMaking): Promise<VolumeRecord> {
  const { volumes, undo, onMade } = making;
  const existed = request.name !== "" && volumes.get(request.name) !== undefined;
  const volume = await volumes.create(request);
  if (existed) return volume;
  undo.defer(() => volumes.remove(volume.name));
  onMade(volume);
  return volume;
}
