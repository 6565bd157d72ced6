import { posix } from "node:path";
import { EngineError } from "#core";
import { expandBody, expandWord, type AddInstruction, type CopyInstruction } from "../dockerfile/mod.ts";
import { isUrl } from "./download.ts";
import { needsBuildkit } from "./needs-buildkit.ts";
import { failure } from "./sources.ts";
import { lookupIn, type StageState } from "./stage.ts";

/** The instruction with its variables expanded and its destination absolute. @throws EngineError `invalid` */
export function expandCopy<T extends CopyInstruction | AddInstruction>(
  instruction: T,
  state: StageState,
  escape: string,
): T {
  const lookup = lookupIn(state);
  const expand = (word: string): string => expandWord(word, lookup, escape);
  const { chown, chmod } = instruction;
  return {
    ...instruction,
    sources: instruction.sources.map(expand),
    files: instruction.files.map((file) =>
      file.expand ? { ...file, content: expandBody(file.content, lookup, "\\") } : file,
    ),
    destination: destinationPath(expand(instruction.destination), state.config.WorkingDir ?? ""),
    ...(chown === undefined ? {} : { chown: expand(chown) }),
    ...(chmod === undefined ? {} : { chmod: expand(chmod) }),
    excludes: instruction.excludes.map(expand),
  };
}

/** Absolute, with its closing slash; relative ones start at WORKDIR. */
function destinationPath(path: string, workdir: string): string {
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(path);
  const full = posix.resolve("/", workdir, path);
  return isDirectory && full !== "/" ? `${full}/` : full;
}

/** What this builder does not carry out ends here, never in silence. @throws EngineError `invalid`, `not_implemented` */
export function refuseCopy(instruction: CopyInstruction | AddInstruction): void {
  const { kind, sources } = instruction;
  if (kind === "COPY") {
    if (sources.some(isUrl)) throw failure("COPY", "source can't be a URL for COPY");
    return;
  }
  if (instruction.keepGitDir) throw needsBuildkit("keep-git-dir");
  const git = sources.find(isGit);
  if (git !== undefined) {
    throw new EngineError("not_implemented", `ADD failed: git source ${git} is not supported by this builder`);
  }
  if (instruction.checksum === undefined) return;
  if (sources.length !== 1) throw failure("ADD", "checksum can't be specified for multiple sources");
  if (!sources.every(isUrl)) throw failure("ADD", "checksum can't be specified for non-HTTP(S) sources");
}

function isGit(source: string): boolean {
  return /^(?:git@|git:\/\/|ssh:\/\/)/.test(source) || /^https?:\/\/.*\.git(?:[#?].*)?$/.test(source);
}
