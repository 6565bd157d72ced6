import { mkdtemp, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { EngineError } from "#core";

/** A directory of our own beneath the builder's scratch directory; goes with all it holds when disposed. */
export interface ScratchDirectory extends AsyncDisposable {
  readonly path: string;
}

/** @param parent the builder's scratch directory, absolute. */
export async function createScratch(parent: string, name: string): Promise<ScratchDirectory> {
  if (!isAbsolute(parent)) throw new EngineError("internal", `the scratch directory is not absolute: ${parent}`);
  const path = await mkdtemp(join(parent, `${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
