import { statSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError, isEngineError } from "#core";
import { openUserNamespace, type IdMappings } from "#runtime";
import type { MountIds } from "#snapshot";
import type { HostConfig } from "#spec";
import type { ContainerRecord } from "../containers/record.ts";
import type { ContainerRegistry } from "../containers/registry.ts";
import type { EngineDeps } from "../deps.ts";
import { userNamespacePlan, type UserNamespacePlan } from "./mode.ts";
import { allocateIds, hostId } from "./ranges.ts";

/** The user namespace of a container that starts; good until disposal, afterwards its processes keep it. */
export interface StartNamespace extends Disposable {
  readonly path: string;
  readonly networkPath: string;
  readonly mappings: IdMappings;
  readonly ids: MountIds;
}

/** Which ids containers have outside. A range is in its container's row: it is free again when the row goes. */
export interface UserNamespaces {
  /** @throws EngineError `invalid` */
  plan(host: HostConfig): UserNamespacePlan;
  /** To be asked before anything is made. @throws EngineError `unavailable` when this host cannot */
  checkHost(plan: UserNamespacePlan): Promise<void>;
  /** The row with these ids must be there before anything else is allocated. Undefined: those of the host. */
  allocate(plan: UserNamespacePlan): IdMappings | undefined;
  /** For a container that starts; undefined: the host's. @throws EngineError `unavailable` */
  open(record: ContainerRecord): Promise<StartNamespace | undefined>;
}

export function createUserNamespaces(
  { options, paths, mounter }: EngineDeps,
  registry: ContainerRegistry,
): UserNamespaces {
  const { remap, pool } = options.userNamespaces;
  let checked = false;
  const check = async (mappings: IdMappings): Promise<void> => {
    checkReachable(paths.execRoot);
    using namespace = await openNamespace(mappings, undefined);
    mounter.checkIds(paths.dataRoot, namespace.ids);
    checked = true;
  };
  return {
    async open(record) {
      const { userNamespace } = record;
      return userNamespace && openNamespace(userNamespace, joinedNamespace(registry, record));
    },
    plan: (host) => userNamespacePlan(host, remap),
    async checkHost(plan) {
      if (plan.kind === "host" || checked) return;
      await check(plan.kind === "remap" ? plan.mappings : allocateIds(pool, plan.size, []));
    },
    allocate(plan) {
      if (plan.kind === "host") return undefined;
      if (plan.kind === "remap") return plan.mappings;
      const used = registry.all().flatMap(({ userNamespace }) => userNamespace ?? []);
      return allocateIds(pool, plan.size, typeof remap === "string" ? used : [...used, remap]);
    },
  };
}

/** The namespaces of a container can be joined only from its user namespace. */
function joinedNamespace(registry: ContainerRegistry, record: ContainerRecord): string | undefined {
  const { hostConfig } = record;
  const modes = [hostConfig.NetworkMode, hostConfig.PidMode, hostConfig.IpcMode];
  const mode = modes.find((name) => name?.startsWith("container:") === true);
  if (mode === undefined) return undefined;
  const target = findContainer(registry, mode.slice("container:".length));
  if (target === undefined || target.state.pid === 0) return undefined;
  checkSameUserNamespace(record, target);
  return `/proc/${target.state.pid}/ns/user`;
}

/** That it is not there is told where it is joined. */
function findContainer(registry: ContainerRegistry, ref: string): ContainerRecord | undefined {
  try {
    return registry.find(ref);
  } catch (error) {
    if (isEngineError(error)) return undefined;
    throw error;
  }
}

async function openNamespace(mappings: IdMappings, joined: string | undefined): Promise<StartNamespace> {
  const namespace = await openUserNamespace(mappings, joined);
  const root = { uid: hostId(mappings.uids, 0), gid: hostId(mappings.gids, 0) };
  return { ...namespace, ids: { userNamespace: namespace.path, root } };
}

/** The root of a user namespace is nobody on the way to its files. */
function checkReachable(execRoot: string): void {
  for (let path = execRoot; path !== "/"; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) !== 0) continue;
    throw new EngineError(
      "unavailable",
      `user namespaces need an exec root that others can pass through: chmod o+x ${path}`,
    );
  }
}

/** @throws EngineError `conflict`: what belongs to one user namespace cannot be used in another */
export function checkSameUserNamespace(joiner: ContainerRecord, target: ContainerRecord): void {
  const own = joiner.userNamespace;
  if (own === undefined || JSON.stringify(own) === JSON.stringify(target.userNamespace)) return;
  throw new EngineError(
    "conflict",
    `cannot join namespaces of container ${target.id}: it is in another user namespace`,
  );
}
