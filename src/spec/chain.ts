import { parseChainId, type ChainId, type DiffId } from "#core";

/** Chain ids of a stack of layers, bottom first (OCI image-spec config.md, "Layer ChainID"). */
export function chainIds(diffIds: readonly DiffId[]): readonly ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) chain.push(nextChainId(chain.at(-1), diffId));
  return chain;
}

/** The chain id of `diffId` laid on `parent`. */
export function nextChainId(parent: ChainId | undefined, diffId: DiffId): ChainId {
  if (parent === undefined) return parseChainId(diffId);
  return parseChainId(`sha256:${new Bun.CryptoHasher("sha256").update(`${parent} ${diffId}`).digest("hex")}`);
}
