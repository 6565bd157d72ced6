import { existsSync, readFileSync } from "node:fs";
import type { Logger } from "#core";
import { baseEnvironment } from "../oci-runtime.ts";
import { parseProfiles } from "../spec/apparmor.ts";
import { defaultProfile, defaultProfileName } from "./profile.ts";

/** Where a host tells of its AppArmor. */
export interface ApparmorHost {
  /** `Y` where it is on. */
  readonly enabled: string;
  /** The kernel's list of loaded profiles. */
  readonly profiles: string;
  /** apparmor_parser(8) */
  readonly parser: string | undefined;
}

function thisHost(): ApparmorHost {
  return {
    enabled: "/sys/module/apparmor/parameters/enabled",
    profiles: "/sys/kernel/security/apparmor/profiles",
    parser: Bun.which("apparmor_parser", baseEnvironment) ?? undefined,
  };
}

/**
 * Gives the kernel the profile of containers, once per boot of the host; one that is loaded is left as it is. Where it cannot
 * be, containers have none, and the log says so.
 */
export async function loadDefaultProfile(logger: Logger, host: ApparmorHost = thisHost()): Promise<void> {
  if (!isEnabled(host) || isLoaded(host)) return;
  const fault = host.parser === undefined ? "apparmor_parser is not installed" : await load(host.parser);
  if (fault === undefined) logger.log("debug", `AppArmor profile ${defaultProfileName} is loaded`);
  else logger.log("warn", "containers have no AppArmor profile: it cannot be loaded", { error: fault });
}

function isEnabled({ enabled, profiles }: ApparmorHost): boolean {
  return existsSync(enabled) && readFileSync(enabled, "utf8").startsWith("Y") && existsSync(profiles);
}

function isLoaded({ profiles }: ApparmorHost): boolean {
  return parseProfiles(readFileSync(profiles, "utf8")).includes(defaultProfileName);
}

/** @returns what went wrong */
async function load(parser: string): Promise<string | undefined> {
  const child = Bun.spawn([parser, "--replace", "--skip-cache"], {
    env: baseEnvironment,
    stdio: [Buffer.from(defaultProfile()), "ignore", "pipe"],
  });
  const [text, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  return exitCode === 0 ? undefined : text.trim() || `${parser} ended with ${exitCode}`;
}
