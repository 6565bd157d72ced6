import { EngineError, isEngineError } from "#core";
import { volumeInfo, type VolumeRecord } from "#volume";
import type { Filters, Volumes } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { isTrue } from "../images/filters.ts";
import { matchesLabel } from "../labels.ts";

export function createVolumes(context: ContainerContext): Volumes {
  const { volumes, events } = context.deps;
  const emit = (action: string, name: string): void =>
    events.emit({ type: "volume", action, id: name, attributes: { driver: "local" } });
  return {
    list: (filters) =>
      volumes
        .list()
        .filter((volume) => matches(context, volume, filters))
        .map(volumeInfo),
    inspect: (name) => volumeInfo(find(context, name)),
    async create(request) {
      const name = request.Name ?? "";
      const isNew = name === "" || volumes.get(name) === undefined;
      const volume = await volumes.create({
        name,
        driver: request.Driver ?? "",
        options: request.DriverOpts ?? {},
        labels: request.Labels ?? {},
      });
      if (isNew) emit("create", volume.name);
      return volumeInfo(volume);
    },
    async remove(name, force) {
      if (!volumes.get(name) && force) return;
      find(context, name);
      const users = usersOf(context, name);
      if (users.length > 0)
        throw new EngineError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`);
      await volumes.remove(name);
      emit("destroy", name);
    },
    prune: (filters) => context.prunes.run("volume", () => pruneVolumes(context, filters, emit)),
  };
}

function find({ deps }: ContainerContext, name: string): VolumeRecord {
  const volume = deps.volumes.get(name);
  if (!volume) throw new EngineError("not_found", `get ${name}: no such volume`);
  return volume;
}

function usersOf({ registry }: ContainerContext, name: string): string[] {
  return registry
    .all()
    .filter(({ mounts }) => mounts.some((mount) => mount.Name === name))
    .map(({ id }) => id);
}

function matches(context: ContainerContext, volume: VolumeRecord, filters: Filters): boolean {
  const tests: Readonly<Record<string, (value: string) => boolean>> = {
    dangling: (value) => isTrue(value) === (usersOf(context, volume.name).length === 0),
    driver: (value) => volume.driver === value,
    label: (value) => matchesLabel(volume.labels, value),
    "label!": (value) => !matchesLabel(volume.labels, value),
    name: (value) => volume.name.includes(value),
    all: () => true,
  };
  return [...filters].every(([key, values]) =>
    key.startsWith("label")
      ? values.every((value) => tests[key]?.(value))
      : values.some((value) => tests[key]?.(value) ?? false),
  );
}

/** Unused anonymous volumes, or with `all=true` every unused one. */
async function pruneVolumes(
  context: ContainerContext,
  filters: Filters,
  emit: (action: string, name: string) => void,
): Promise<{ readonly deleted: readonly string[]; readonly spaceReclaimed: number }> {
  const { volumes, directoryBytes } = context.deps;
  const all = isTrue(filters.get("all")?.[0] ?? "false");
  const deleted: string[] = [];
  let spaceReclaimed = 0;
  for (const volume of volumes.list()) {
    if ((!all && !volume.anonymous) || usersOf(context, volume.name).length > 0 || !matches(context, volume, filters))
      continue;
    const bytes = await directoryBytes(volume.mountpoint);
    try {
      await volumes.remove(volume.name);
    } catch (error) {
      if (isEngineError(error, "not_found")) continue;
      throw error;
    }
    emit("destroy", volume.name);
    deleted.push(volume.name);
    spaceReclaimed += bytes;
  }
  return { deleted, spaceReclaimed };
}
