import { EngineError } from "#core";
import type { CgroupDriver } from "#runtime";

/**
 * dockerd's `--exec-opt native.cgroupdriver=…`, the only one there is; the last of several counts.
 * @returns cgroupfs when nothing is asked for
 * @throws EngineError `invalid`, in Docker's words
 */
export function cgroupDriverOf(options: readonly string[]): CgroupDriver {
  let driver: CgroupDriver = "cgroupfs";
  for (const option of options) {
    const [key, value] = split(option);
    if (key === "isolation") throw refusal(option, "option 'isolation' is only supported on windows");
    if (key !== "native.cgroupdriver") throw refusal(option, `unknown option: '${key}'`);
    driver = driverNamed(value);
  }
  return driver;
}

function split(option: string): readonly [key: string, value: string] {
  const equals = option.indexOf("=");
  const [key, value] = [option.slice(0, Math.max(0, equals)).trim().toLowerCase(), option.slice(equals + 1).trim()];
  if (key === "" || value === "") throw refusal(option, "must be formatted 'opt=value'");
  return [key, value];
}

function refusal(option: string, why: string): EngineError {
  return new EngineError("invalid", `invalid exec-opt (${option}): ${why}`);
}

function driverNamed(name: string): CgroupDriver {
  if (name === "cgroupfs" || name === "systemd") return name;
  throw new EngineError("invalid", `native.cgroupdriver option ${name} not supported`);
}
