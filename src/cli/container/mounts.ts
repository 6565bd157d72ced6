import type { MountSpec } from "#spec";
import { parseBinarySize } from "#term";
import { CliError } from "../framework/command.ts";
import { resolvePath } from "../framework/paths.ts";

export interface Volumes {
  readonly binds: readonly string[];
  /** Anonymous volumes: paths in the container. */
  readonly anonymous: Readonly<Record<string, object>>;
}

/** Reads `--volume`: a lone path is an anonymous volume, a relative source (`./x`) is taken from the working directory. */
export function parseVolumes(volumes: readonly string[], cwd: string): Volumes {
  const binds: string[] = [];
  const anonymous: Record<string, object> = {};
  for (const text of volumes) {
    if (text === "") throw new CliError("invalid empty volume spec", 125);
    const parts = text.split(":");
    const [source = "", target] = parts;
    if (parts.includes("")) throw new CliError(`invalid spec: ${text}: empty section between colons`, 125);
    if (target === undefined) anonymous[text] = {};
    else binds.push(/^\.{1,2}(\/|$)/.test(source) ? resolvePath(cwd, source) + text.slice(source.length) : text);
  }
  return { binds: [...new Set(binds)], anonymous };
}

/** Reads `--tmpfs PATH[:OPTIONS]`. */
export function parseTmpfs(items: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    items.map((item) => {
      const at = item.indexOf(":");
      return at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

interface Draft {
  Type: MountSpec["Type"];
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: Record<string, unknown>;
  VolumeOptions?: {
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
    Labels?: Record<string, string>;
  } & Record<string, unknown>;
  TmpfsOptions?: Record<string, unknown>;
  ImageOptions?: Record<string, unknown>;
}

/** Reads one `--mount`. @throws CliError with Docker's text */
export function parseMount(text: string, cwd: string): MountSpec {
  if (text === "") throw new CliError("EOF", 125);
  const draft: Draft = { Type: "volume" };
  for (const field of splitFields(text)) {
    const at = field.indexOf("=");
    const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
    setField(draft, { key, value: at < 0 ? undefined : field.slice(at + 1), field });
  }
  checkMount(draft);
  checkRecursion(draft);
  if (draft.Type === "bind" && /^\.{1,2}(\/|$)/.test(draft.Source ?? ""))
    draft.Source = resolvePath(cwd, draft.Source ?? "");
  return draft as MountSpec;
}

/** CSV fields: commas inside double quotes do not part them. */
function splitFields(text: string): readonly string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((field) => field.replaceAll('"', ""));
}

interface Field {
  readonly key: string;
  readonly value: string | undefined;
  readonly field: string;
}

const switches: Readonly<Record<string, (draft: Draft, on: boolean) => void>> = {
  readonly: (draft, on) => (draft.ReadOnly = on),
  ro: (draft, on) => (draft.ReadOnly = on),
  "volume-nocopy": (draft, on) => ((draft.VolumeOptions ??= {})["NoCopy"] = on),
  "bind-nonrecursive": (draft, on) => ((draft.BindOptions ??= {})["NonRecursive"] = on),
  "bind-create-src": (draft, on) => ((draft.BindOptions ??= {})["CreateMountpoint"] = on),
};

const settings: Readonly<Record<string, (draft: Draft, value: string, field: string) => void>> = {
  // Whether there is such a type is for the daemon to say.
  type: (draft, value) => (draft.Type = value.toLowerCase()),
  source: (draft, value) => (draft.Source = value),
  src: (draft, value) => (draft.Source = value),
  target: (draft, value) => (draft.Target = value),
  dst: (draft, value) => (draft.Target = value),
  destination: (draft, value) => (draft.Target = value),
  consistency: (draft, value) => (draft.Consistency = value.toLowerCase()),
  "bind-propagation": (draft, value) => ((draft.BindOptions ??= {})["Propagation"] = value.toLowerCase()),
  "bind-recursive": (draft, value) => {
    const options = (draft.BindOptions ??= {});
    if (value === "disabled") options["NonRecursive"] = true;
    else if (value === "writable") options["ReadOnlyNonRecursive"] = true;
    else if (value === "readonly") options["ReadOnlyForceRecursive"] = true;
    else if (value !== "enabled")
      throw new CliError(
        `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
        125,
      );
  },
  "volume-subpath": (draft, value) => ((draft.VolumeOptions ??= {})["Subpath"] = value),
  "image-subpath": (draft, value) => ((draft.ImageOptions ??= {})["Subpath"] = value),
  "volume-driver": (draft, value) => (driverOf(draft).Name = value),
  "volume-opt": (draft, value) => {
    const [key = "", ...rest] = value.split("=");
    (driverOf(draft).Options ??= {})[key] = rest.join("=");
  },
  "volume-label": (draft, value) => {
    const [key = "", ...rest] = value.split("=");
    ((draft.VolumeOptions ??= {}).Labels ??= {})[key] = rest.join("=");
  },
  "tmpfs-size": (draft, value) => ((draft.TmpfsOptions ??= {})["SizeBytes"] = sizeOf(value)),
  "tmpfs-mode": (draft, value) => {
    if (!/^[0-7]+$/.test(value)) throw new CliError(`invalid value for tmpfs-mode: ${value}`, 125);
    (draft.TmpfsOptions ??= {})["Mode"] = Number.parseInt(value, 8);
  },
};

function driverOf(draft: Draft): { Name?: string; Options?: Record<string, string> } {
  return ((draft.VolumeOptions ??= {}).DriverConfig ??= {});
}

function sizeOf(value: string): number {
  try {
    return parseBinarySize(value);
  } catch (cause) {
    throw new CliError(`invalid value for tmpfs-size: ${value}`, 125, { cause });
  }
}

function setField(draft: Draft, { key, value, field }: Field): void {
  const toggle = switches[key];
  if (toggle) {
    if (value !== undefined && !/^(true|1|false|0)$/i.test(value))
      throw new CliError(`invalid value for ${key}: ${value}`, 125);
    toggle(draft, value === undefined || /^(true|1)$/i.test(value));
    return;
  }
  const set = settings[key];
  if (value === undefined) throw new CliError(`invalid field '${field}' must be a key=value pair`, 125);
  if (!set) throw new CliError(`unexpected key '${key}' in '${field}'`, 125);
  set(draft, value, field);
}

function checkRecursion({ ReadOnly, BindOptions }: Draft): void {
  const needs = (mode: string, option: string): never => {
    throw new CliError(`option 'bind-recursive=${mode}' requires '${option}' to be specified in conjunction`, 125);
  };
  if (BindOptions?.["ReadOnlyNonRecursive"] && !ReadOnly) needs("writable", "readonly");
  if (!BindOptions?.["ReadOnlyForceRecursive"]) return;
  if (!ReadOnly) needs("readonly", "readonly");
  if (BindOptions["Propagation"] !== "rprivate") needs("readonly", "bind-propagation=rprivate");
}

function checkMount(draft: Draft): void {
  if (draft.Type === "") throw new CliError("type is required", 125);
  if (draft.Target === undefined || draft.Target === "") throw new CliError("target is required", 125);
  const pairs = [
    ["VolumeOptions", "volume"],
    ["BindOptions", "bind"],
    ["TmpfsOptions", "tmpfs"],
    ["ImageOptions", "image"],
  ] as const;
  for (const [key, type] of pairs) {
    if (draft[key] && draft.Type !== type)
      throw new CliError(`cannot mix '${type}-*' options with mount type '${draft.Type}'`, 125);
  }
}
