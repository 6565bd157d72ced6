import { mkdirSync, readdirSync } from "node:fs";
import { parseContainerId, type ContainerId } from "#core";
import { createNetworkNamespace, keepNetworkNamespace, removeNetworkNamespace } from "#linux";
import type { Sandbox, Sandboxes } from "./contract.ts";

export interface SandboxesOptions {
  /** Run root of the engine; namespaces are kept at `<execRoot>/netns/<container id>`. */
  readonly execRoot: string;
}

/** The only place that knows where a container's namespace is kept. */
export function sandboxPath(execRoot: string, containerId: ContainerId): string {
  return `${execRoot}/netns/${containerId}`;
}

export function openSandboxes(options: SandboxesOptions): Sandboxes {
  const directory = `${options.execRoot}/netns`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const get = (id: ContainerId): Sandbox => ({ path: sandboxPath(options.execRoot, id) });
  return {
    create(id) {
      const sandbox = get(id);
      createNetworkNamespace(sandbox.path, { ipv6: false });
      return sandbox;
    },
    adopt(id, namespacePath) {
      const sandbox = get(id);
      keepNetworkNamespace(namespacePath, sandbox.path, { ipv6: false });
      return sandbox;
    },
    get,
    remove: (id) => removeNetworkNamespace(get(id).path),
    list: () => readdirSync(directory).filter(isContainerId).map(parseContainerId),
  };
}

function isContainerId(name: string): boolean {
  return /^[a-f0-9]{64}$/.test(name);
}
