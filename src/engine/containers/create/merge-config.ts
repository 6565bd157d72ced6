import { EngineError } from "#core";
import { mergeHealth } from "../../health/config.ts";
import type { ContainerConfig, ContainerCreateRequest, ImageRunConfig } from "#spec";

/**
 * A container's configuration: what the request says over what the image says, by Docker's rules.
 * `Entrypoint: [""]` clears the image's entry point. @throws EngineError `invalid` `no command specified`
 */
export function mergeConfig(request: ContainerCreateRequest, image: ImageRunConfig | undefined): ContainerConfig {
  const { HostConfig: _host, NetworkingConfig: _networking, ...own } = request;
  const base = image ?? {};
  const merged: ContainerConfig = {
    ...own,
    User: own.User || base.User || "",
    WorkingDir: own.WorkingDir || base.WorkingDir || "",
    Env: mergeEnvironment(own.Env ?? [], base.Env ?? []),
    Labels: { ...base.Labels, ...own.Labels },
    ...mergeCommand(own, base),
    ...union("ExposedPorts", base.ExposedPorts, own.ExposedPorts),
    ...union("Volumes", base.Volumes, own.Volumes),
    ...firstSet("StopSignal", own.StopSignal, base.StopSignal),
    ...firstSet("Shell", own.Shell, base.Shell),
    ...firstSet("Healthcheck", mergeHealth(own.Healthcheck, base.Healthcheck), undefined),
    ...firstSet("OnBuild", own.OnBuild, base.OnBuild),
  };
  if ((merged.Entrypoint ?? []).length + (merged.Cmd ?? []).length === 0) {
    throw new EngineError("invalid", "no command specified");
  }
  return merged;
}

function mergeCommand(own: ContainerConfig, base: ImageRunConfig): Pick<ContainerConfig, "Entrypoint" | "Cmd"> {
  const inheritsEntrypoint = own.Entrypoint === undefined || own.Entrypoint === null;
  const inheritsCommand = (own.Entrypoint ?? []).length === 0 && (own.Cmd ?? []).length === 0;
  const entrypoint = (inheritsEntrypoint ? base.Entrypoint : own.Entrypoint) ?? null;
  const cleared = entrypoint?.length === 1 && entrypoint[0] === "";
  return { Entrypoint: cleared ? null : entrypoint, Cmd: (inheritsCommand ? base.Cmd : own.Cmd) ?? null };
}

function mergeEnvironment(own: readonly string[], base: readonly string[]): readonly string[] {
  const keys = new Set(own.map(keyOf));
  return [...own, ...base.filter((entry) => !keys.has(keyOf(entry)))];
}

function keyOf(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

type NamedSet = Readonly<Record<string, object>>;

function union<K extends string>(
  key: K,
  base: NamedSet | null | undefined,
  own: NamedSet | null | undefined,
): Partial<Record<K, NamedSet>> {
  const all = { ...base, ...own };
  return (Object.keys(all).length === 0 ? {} : { [key]: all }) as Partial<Record<K, NamedSet>>;
}

function firstSet<K extends string, T>(key: K, own: T, base: T): Partial<Record<K, NonNullable<T>>> {
  const value = own ?? base;
  return (value === undefined || value === null ? {} : { [key]: value }) as Partial<Record<K, NonNullable<T>>>;
}
