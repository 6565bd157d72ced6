import type { HostConfig } from "#spec";
import { defaultProfileName } from "../apparmor/profile.ts";
import { parseSecurityOptions } from "./security.ts";

/**
 * The AppArmor profile of a container's processes: the one asked for, none (`unconfined`) when privileged, otherwise
 * `docker-default` where the host has it loaded. Undefined, whatever was asked for, on a host without AppArmor, as in Docker.
 */
export function apparmorProfile(
  { SecurityOpt, Privileged }: Pick<HostConfig, "SecurityOpt" | "Privileged">,
  host: { readonly apparmor: readonly string[] | undefined },
): string | undefined {
  if (host.apparmor === undefined) return undefined;
  const { apparmor } = parseSecurityOptions(SecurityOpt ?? []);
  if (apparmor !== undefined && apparmor !== "") return apparmor;
  if (Privileged === true) return "unconfined";
  return host.apparmor.includes(defaultProfileName) ? defaultProfileName : undefined;
}

/** Names in the kernel's list of loaded profiles: `name (mode)` lines. */
export function parseProfiles(list: string): readonly string[] {
  return list.split("\n").flatMap((line) => /^(.+) \(\w+\)$/.exec(line)?.[1] ?? []);
}
