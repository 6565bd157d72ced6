import { posix } from "node:path";
import type { AddInstruction, CopyInstruction } from "../dockerfile/mod.ts";
import { checksumSource, joinChecksums } from "./checksum.ts";
import { commitStep, findCached, type StepImage } from "./commit.ts";
import { expandCopy, refuseCopy } from "./copy-instruction.ts";
import { collectSources, openCopyRoot } from "./copy-sources.ts";
import { writeLayer } from "./layers.ts";
import { parseMode } from "./mode.ts";
import { needsBuildkit } from "./needs-buildkit.ts";
import { resolveOwner } from "./owner.ts";
import { createScratch } from "./scratch.ts";
import type { BuildSession } from "./session.ts";
import type { CopySource } from "./sources.ts";
import { chainOf, shellOfStage, type StageState } from "./stage.ts";
import { transfer, type TransferOptions } from "./transfer.ts";
import { resolveBeneath } from "./tree.ts";

type Instruction = CopyInstruction | AddInstruction;

/** COPY and ADD: sources from the context, a stage, an image, the Dockerfile or a URL into a layer of their own. */
export async function copyStep(session: BuildSession, state: StageState, written: Instruction): Promise<StageState> {
  await using undo = new AsyncDisposableStack();
  const instruction = expandCopy(written, state, session.plan.escape);
  refuseCopy(instruction);
  const from = instruction.kind === "COPY" ? instruction.from : undefined;
  const root = from === undefined ? session.context : undo.use(await openCopyRoot(session, from)).root;
  const scratch = undo.use(await createScratch(session.scratch, "copy"));
  const sources = await collectSources(session, instruction, { root, scratch: scratch.path });
  const step = await describe(session, state, instruction, sources);
  const cached = await findCached(session, state, step);
  if (cached) {
    session.print(" ---> Using cache\n");
    return { ...state, image: cached };
  }
  const layer = await writeLayer(session.host, chainOf(state.image), session.lease, async (target) => {
    const options = await transferOptions(session, instruction, target);
    if (instruction.link) await checkLink(target, instruction.destination, sources);
    for (const source of sources) await transfer(source, target, options);
  });
  return { ...state, image: await commitStep(session, state, step, layer), cacheMissed: true };
}

/** Content, not place or time, names the step in history and cache. */
async function describe(
  session: BuildSession,
  state: StageState,
  instruction: Instruction,
  sources: readonly CopySource[],
): Promise<StepImage> {
  const sums: string[] = [];
  for (const source of sources) sums.push(await checksumSource(source, instruction.excludes, session.signal));
  const { kind, chown, chmod, destination } = instruction;
  const options = [chown === undefined ? "" : `--chown=${chown} `, chmod === undefined ? "" : `--chmod=${chmod} `].join(
    "",
  );
  const unpack = kind === "ADD" ? `unpack=${instruction.unpack}` : `parents=${instruction.parents}`;
  return {
    config: state.config,
    author: state.author,
    createdBy: `${shellOfStage(state)} #(nop) ${kind} ${options}${joinChecksums(sums)} in ${destination} `,
    inputs: [
      kind,
      unpack,
      ...sources.map((source) => (unpack === "parents=true" ? source.given : source.name)),
      ...sums,
    ],
  };
}

async function transferOptions(
  session: BuildSession,
  instruction: Instruction,
  root: string,
): Promise<TransferOptions> {
  const { chown, chmod, kind } = instruction;
  return {
    destination: instruction.destination,
    owner: chown === undefined ? undefined : await resolveOwner(chown, root),
    mode: chmod === undefined ? undefined : parseMode(chmod),
    excludes: instruction.excludes,
    unpack: kind === "ADD" ? unpackRule(instruction.unpack) : "never",
    parents: kind === "COPY" && instruction.parents,
    nowNs: session.clock.nowNs(),
    signal: session.signal,
  };
}

/**
 * `--link` copies as if the destination were empty. That is the same as a copy unless symlinks are on the way to it, or a
 * directory takes the place of the file that is meant: then it is refused. @throws EngineError `invalid`
 */
async function checkLink(root: string, destination: string, sources: readonly CopySource[]): Promise<void> {
  const found = await resolveBeneath(root, destination, { followLast: true });
  const throughLink = `/${found.path}` !== posix.resolve(destination);
  const meansFile = !destination.endsWith("/") && sources.some((source) => !source.isDirectory);
  if (throughLink || (meansFile && found.kind === "directory")) throw needsBuildkit("link");
}

function unpackRule(flag: boolean | undefined): TransferOptions["unpack"] {
  if (flag === undefined) return "local";
  return flag ? "always" : "never";
}
