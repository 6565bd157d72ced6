import { EngineError, failpoint, isEngineError } from "#core";
import { readBlockIo, resolveLimits, type LimitChange } from "#runtime";
import type { HostConfig, Resources, UpdateRequest, UpdateResponse } from "#spec";
import { checkCpusets } from "./create/check-host-config.ts";
import { checkRestartPolicy } from "./restart/restart-policy.ts";
import { checkResources } from "./create/check-resources.ts";
import { emitContainerEvent, type ContainerContext } from "./context.ts";
import { watchMemory } from "./run/oom.ts";
import { isRunning, type ContainerRecord } from "./record.ts";
import { dropUnsupported } from "./create/unsupported.ts";

/**
 * Changes limits and the restart policy: at once where the container runs, and for its next start. When the kernel
 * refuses, nothing has changed.
 * @throws EngineError `invalid` for values that cannot be meant, `conflict` for those that contradict the container's
 */
export async function updateContainer(
  context: ContainerContext,
  ref: string,
  request: UpdateRequest,
): Promise<UpdateResponse> {
  const { RestartPolicy, ...asked } = request;
  const { limits } = context.specHost;
  const { host: supported, warnings } = dropUnsupported(asked, limits);
  checkResources(supported, { cpus: context.deps.machine.cpus, limits, update: true });
  checkCpusets(supported);
  const change = changesOf(supported);
  checkRestartPolicy(RestartPolicy ?? {});
  const { id } = context.registry.find(ref);
  await context.registry.exclusive(id, async () =>
    blamingUpdate(id, () => applyUpdate(context, context.registry.find(id), { ...change, ...policyOf(RestartPolicy) })),
  );
  return { Warnings: warnings.length > 0 ? warnings : null };
}

async function applyUpdate(
  context: ContainerContext,
  record: ContainerRecord,
  change: Partial<HostConfig>,
): Promise<void> {
  const { status } = record.state;
  if (status === "removing" || status === "dead")
    throw new EngineError("conflict", 'Container is marked for removal and cannot be "update".');
  checkConflicts(record.hostConfig, change);
  const hostConfig = { ...record.hostConfig, ...change };
  // Its health, for one, may change meanwhile.
  const write = (host: HostConfig): ContainerRecord =>
    context.registry.save({ ...context.registry.find(record.id), hostConfig: host });
  // The row first: it can be taken back, where a limit that was not there cannot be named to the kernel.
  write(hostConfig);
  try {
    failpoint("update.row");
    if (isRunning(record)) await context.deps.runtime.limit(record.id, liveChange(context, change, hostConfig));
  } catch (error) {
    write(record.hostConfig);
    throw error;
  }
  failpoint("update.limits");
  const saved = context.registry.find(record.id);
  if (isRunning(saved)) watchMemory(context, saved);
  emitContainerEvent(context, { ...record, hostConfig }, "update");
}

/** Fields that a container's limits can be changed by; Docker leaves the others as they are. */
const changeable = [
  "BlkioWeight",
  "CpuShares",
  "NanoCpus",
  "CpuPeriod",
  "CpuQuota",
  "CpusetCpus",
  "CpusetMems",
  "Memory",
  "MemorySwap",
  "MemoryReservation",
  "PidsLimit",
] as const satisfies readonly (keyof Resources)[];

/** What is not zero changes; a limit of processes of 0 or less ends the limit. */
function changesOf(asked: Resources): Resources {
  const given = changeable.filter((name) => (name === "PidsLimit" ? (asked[name] ?? null) !== null : asked[name]));
  const change: Resources = Object.fromEntries(given.map((name) => [name, asked[name]]));
  return (change.PidsLimit ?? 1) > 0 ? change : { ...change, PidsLimit: 0 };
}

function policyOf(policy: HostConfig["RestartPolicy"]): Pick<HostConfig, "RestartPolicy"> {
  const { Name = "", MaximumRetryCount = 0 } = policy ?? {};
  return Name === "" ? {} : { RestartPolicy: { Name, MaximumRetryCount } };
}

function checkConflicts(before: HostConfig, change: Partial<HostConfig>): void {
  const refuse = (wrong: boolean, text: string): void => {
    if (wrong) throw new EngineError("conflict", text);
  };
  const { Memory = 0, MemorySwap = 0, NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0 } = change;
  const has = (value: number | undefined): boolean => (value ?? 0) > 0;
  const taken = (what: string, by: string): string =>
    `Conflicting options: ${what} cannot be updated as ${by} has already been set`;
  refuse(
    before.AutoRemove === true && !["no", ""].includes(change.RestartPolicy?.Name ?? ""),
    "Restart policy cannot be updated because AutoRemove is enabled for the container",
  );
  refuse(has(NanoCpus) && has(before.CpuPeriod), taken("Nano CPUs", "CPU Period"));
  refuse(has(NanoCpus) && has(before.CpuQuota), taken("Nano CPUs", "CPU Quota"));
  refuse(has(CpuPeriod) && has(before.NanoCpus), taken("CPU Period", "NanoCPUs"));
  refuse(has(CpuQuota) && has(before.NanoCpus), taken("CPU Quota", "NanoCPUs"));
  if (MemorySwap > 0 && Memory === 0 && !has(before.Memory)) {
    throw new EngineError("invalid", "You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  refuse(
    Memory > 0 && Memory > (before.MemorySwap ?? 0) && MemorySwap === 0,
    "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
  );
}

/** Limits that depend on each other go to the kernel together, although only one of them changes. */
function liveChange(context: ContainerContext, change: Partial<HostConfig>, merged: HostConfig): LimitChange {
  const together = (...names: readonly (keyof Resources)[]): Resources => {
    if (names.every((name) => change[name] === undefined)) return {};
    const values: Resources = Object.fromEntries(names.map((name) => [name, merged[name]] as const));
    return values;
  };
  const { NanoCpus: _nano, CpuPeriod: _period, CpuQuota: _quota, Memory: _memory, MemorySwap: _swap, ...rest } = change;
  const wanted = { ...rest, ...together("NanoCpus", "CpuPeriod", "CpuQuota"), ...together("Memory", "MemorySwap") };
  const limits = resolveLimits(wanted, context.specHost, readBlockIo(wanted));
  return change.PidsLimit === 0 ? { ...limits, pids: { limit: -1 } } : limits;
}

/** Docker's start of every error of an update that knows its container. */
async function blamingUpdate<T>(id: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `Cannot update container ${id}: ${error.message}`, { cause: error });
  }
}
