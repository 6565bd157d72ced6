import { EngineError } from "#core";
import type { CgroupDriver } from "#runtime";

/**
 * dockerd's `--exec-opt native.cgroupdriver=…`, the only one there is; the last of several counts.
 * @returns cgroupfs when nothing is asked for
 * @throws EngineError `invalid`, in Docker's words where it has some
 */
export function cgroupDriverOf(options: readonly string[]): CgroupDriver {
  let driver: CgroupDriver = "cgroupfs";
  for (const option of options) {
    const equals = option.indexOf("=");
    const key = option.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (equals < 1) throw new EngineError("invalid", `unable to parse key/value option: ${option}`);
    if (key !== "native.cgroupdriver") throw new EngineError("invalid", `unknown exec-opt ${JSON.stringify(key)}`);
    driver = driverNamed(option.slice(equals + 1).trim());
  }
  return driver;
}

function driverNamed(name: string): CgroupDriver {
  if (name === "cgroupfs" || name === "systemd") return name;
  throw new EngineError("invalid", `native.cgroupdriver option ${name} not supported`);
}
