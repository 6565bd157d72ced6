import { statSync } from "node:fs";
import { EngineError } from "#core";
import type { OciResources, Resources, ThrottleDevice, WeightDevice } from "#spec";
import { deviceNumbers } from "./devices.ts";

type OciBlockIo = NonNullable<OciResources["blockIO"]>;

/**
 * Weights and limits of block devices, with their numbers of this host.
 * @throws EngineError `internal` for a path that is not there, as Docker says it at the container's start
 */
export function readBlockIo(resources: Resources): OciBlockIo | undefined {
  const weight = resources.BlkioWeight ?? 0;
  const blockIo = {
    ...(weight > 0 ? { weight } : {}),
    ...some("weightDevice", resources.BlkioWeightDevice, weightDevice),
    ...some("throttleReadBpsDevice", resources.BlkioDeviceReadBps, throttleDevice),
    ...some("throttleWriteBpsDevice", resources.BlkioDeviceWriteBps, throttleDevice),
    ...some("throttleReadIOPSDevice", resources.BlkioDeviceReadIOps, throttleDevice),
    ...some("throttleWriteIOPSDevice", resources.BlkioDeviceWriteIOps, throttleDevice),
  };
  return Object.keys(blockIo).length === 0 ? undefined : blockIo;
}

function some<K extends string, In, Out>(
  key: K,
  items: readonly In[] | null | undefined,
  convert: (item: In) => Out,
): Partial<Record<K, readonly Out[]>> {
  const entries = items === undefined || items === null || items.length === 0 ? [] : [[key, items.map(convert)]];
  return Object.fromEntries(entries) as Partial<Record<K, readonly Out[]>>;
}

function weightDevice({ Path = "", Weight = 0 }: WeightDevice): NonNullable<OciBlockIo["weightDevice"]>[number] {
  return { ...numbersOf(Path), weight: Weight };
}

function throttleDevice({
  Path = "",
  Rate = 0,
}: ThrottleDevice): NonNullable<OciBlockIo["throttleReadBpsDevice"]>[number] {
  return { ...numbersOf(Path), rate: Rate };
}

function numbersOf(path: string): { readonly major: number; readonly minor: number } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new EngineError("internal", `stat ${path}: no such file or directory`);
  return deviceNumbers(stat.rdev);
}
