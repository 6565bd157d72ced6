import { EngineError, shortId, type ImageId } from "#core";
import { familiarReference, parseReference, repositoryOf, type ImageDeleteItem } from "#spec";
import type { ImageCatalog } from "./catalog.ts";
import type { ImageEvents, ImageRecord, ImageUser } from "./contract.ts";
import { isDigestName, type ImageName } from "./names.ts";
import { isIdPrefix, resolveImage } from "./resolve.ts";

export interface RemoveOptions {
  readonly force: boolean;
  readonly noprune: boolean;
  readonly users: readonly ImageUser[];
}

export interface RemoveDependencies {
  readonly catalog: ImageCatalog;
  readonly events: ImageEvents;
  /** Removes the chains that no image holds any more, top first; returns the removed ones. */
  removeChains(image: ImageRecord): Promise<string[]>;
}

/** A reason against a removal; only a soft one yields to force. */
interface Conflict {
  readonly hard: boolean;
  /** A container is the reason. */
  readonly used: boolean;
  readonly reason: string;
}

/** One request to remove an image, with Docker's rules, messages and order. */
export class ImageRemoval {
  readonly items: ImageDeleteItem[] = [];
  readonly #deps: RemoveDependencies;
  readonly #options: RemoveOptions;

  constructor(deps: RemoveDependencies, options: RemoveOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** @throws EngineError `not_found`, `conflict` */
  async run(name: string): Promise<ImageDeleteItem[]> {
    const { catalog } = this.#deps;
    const image = resolveImage(catalog, name);
    if (isIdPrefix(image.id, name)) {
      this.#untagSingle(image.id);
      await this.#delete(image.id, { force: this.#options.force, quiet: false });
    } else if (this.#untagByName(image.id, name)) {
      await this.#delete(image.id, { force: this.#options.force, quiet: true });
    }
    return this.items;
  }

  /** By id, with all names in one repository: they go with the image, unless something forbids that. */
  #untagSingle(id: ImageId): void {
    const names = this.#deps.catalog.names.of(id);
    if (!isSingleReference(names)) return;
    const conflict = this.#conflict(id, { soft: !this.#options.force, references: false });
    if (conflict) throw toError(id, conflict);
    this.#untag(id, names);
  }

  /** True when that was the last name. */
  #untagByName(id: ImageId, name: string): boolean {
    const { catalog } = this.#deps;
    this.#refuseLastNameInUse(id, name);
    const known = catalog.names.get(parseReference(name));
    if (known) this.#untag(id, [known]);
    if (known && !isDigestName(known)) this.#untagLeftDigests(id, repositoryOf(known.reference));
    return catalog.names.of(id).length === 0;
  }

  #refuseLastNameInUse(id: ImageId, name: string): void {
    if (this.#options.force || !isSingleReference(this.#deps.catalog.names.of(id))) return;
    const user = this.#options.users.find((candidate) => candidate.imageId === id);
    if (!user) return;
    const use = `container ${shortId(user.containerId)} is using its referenced image ${shortId(id)}`;
    throw new EngineError(
      "conflict",
      `conflict: unable to remove repository reference ${JSON.stringify(name)} (must force) - ${use}`,
    );
  }

  /** Digests of a repository go with its last tag. */
  #untagLeftDigests(id: ImageId, repository: string): void {
    const names = this.#deps.catalog.names.of(id).filter((name) => repositoryOf(name.reference) === repository);
    if (names.every(isDigestName)) this.#untag(id, names);
  }

  #untag(id: ImageId, names: readonly ImageName[]): void {
    if (names.length === 0) return;
    this.#deps.catalog.untag(names);
    for (const { reference } of names) {
      this.items.push({ Untagged: familiarReference(reference) });
      this.#deps.events.emit("untag", id, id);
    }
  }

  /** Deletes the image and then, unless told otherwise, its parents as long as nothing needs them. */
  async #delete(id: ImageId, how: { readonly force: boolean; readonly quiet: boolean }): Promise<void> {
    const { catalog, events } = this.#deps;
    const image = catalog.get(id);
    if (!image) return;
    const conflict = this.#conflict(id, { soft: !how.force, references: true });
    if (conflict) {
      if (how.quiet && (conflict.used || !this.#isDangling(id))) return;
      throw toError(id, conflict);
    }
    this.#untag(id, catalog.names.of(id));
    catalog.delete(image);
    events.emit("delete", id, id);
    this.items.push({ Deleted: id });
    for (const chainId of await this.#deps.removeChains(image)) this.items.push({ Deleted: chainId });
    if (!this.#options.noprune && image.parent !== undefined)
      await this.#delete(image.parent, { force: false, quiet: true });
  }

  #isDangling(id: ImageId): boolean {
    return this.#deps.catalog.names.of(id).length === 0 && this.#deps.catalog.children(id).length === 0;
  }

  #conflict(id: ImageId, look: { readonly soft: boolean; readonly references: boolean }): Conflict | undefined {
    const { catalog } = this.#deps;
    if (catalog.children(id).length > 0) return { hard: true, used: false, reason: "image has dependent child images" };
    const users = this.#options.users.filter((user) => user.imageId === id);
    const running = users.find((user) => user.running);
    if (running) return inUse(true, `image is being used by running container ${shortId(running.containerId)}`);
    if (!look.soft) return undefined;
    if (look.references && catalog.names.of(id).length > 0) {
      return { hard: false, used: false, reason: "image is referenced in multiple repositories" };
    }
    const [stopped] = users;
    return stopped && inUse(false, `image is being used by stopped container ${shortId(stopped.containerId)}`);
  }
}

function inUse(hard: boolean, reason: string): Conflict {
  return { hard, used: true, reason };
}

function toError(id: ImageId, { hard, reason }: Conflict): EngineError {
  const force = hard ? "cannot be forced" : "must be forced";
  return new EngineError("conflict", `conflict: unable to delete ${shortId(id)} (${force}) - ${reason}`);
}

/** At most one tag, and digests only of that tag's repository. */
function isSingleReference(names: readonly ImageName[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter((name) => !isDigestName(name));
  return tags.length <= 1 && new Set(names.map((name) => repositoryOf(name.reference))).size === 1;
}
