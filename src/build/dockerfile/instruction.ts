import type { HealthConfig } from "#spec";
import type { Heredoc } from "./heredoc.ts";

/** Where an instruction stands, and how it was written (continuations joined). */
export interface Located {
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

/** `shell`: one string for the current SHELL (none when empty). `exec`: the arguments as they are. */
export interface CommandLine {
  readonly form: "shell" | "exec";
  readonly args: readonly string[];
}

/** A file whose content stands in the Dockerfile. */
export interface InlineFile {
  readonly name: string;
  readonly content: string;
  readonly expand: boolean;
}

export interface FromInstruction extends Located {
  readonly kind: "FROM";
  readonly base: string;
  /** Lower case. */
  readonly stageName?: string;
  readonly platform?: string;
}

export interface RunMount {
  /** `key=value,…`, unexpanded. */
  readonly text: string;
}

export interface RunInstruction extends Located {
  readonly kind: "RUN";
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly RunMount[];
  readonly network?: string;
  readonly security?: string;
  readonly devices: readonly string[];
}

interface TransferInstruction extends Located {
  /** Paths in the context, as written. */
  readonly sources: readonly string[];
  readonly files: readonly InlineFile[];
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly excludes: readonly string[];
}

export interface CopyInstruction extends TransferInstruction {
  readonly kind: "COPY";
  readonly from?: string;
  readonly parents: boolean;
}

export interface AddInstruction extends TransferInstruction {
  readonly kind: "ADD";
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  readonly unpack?: boolean;
}

export interface PairsInstruction extends Located {
  readonly kind: "ENV" | "LABEL";
  readonly pairs: readonly NameValue[];
}

export interface ArgInstruction extends Located {
  readonly kind: "ARG";
  readonly args: readonly { readonly name: string; readonly value?: string }[];
}

export interface WordsInstruction extends Located {
  readonly kind: "EXPOSE" | "VOLUME";
  readonly words: readonly string[];
}

export interface WordInstruction extends Located {
  readonly kind: "WORKDIR" | "USER" | "STOPSIGNAL" | "MAINTAINER";
  readonly word: string;
}

export interface CommandInstruction extends Located {
  readonly kind: "CMD" | "ENTRYPOINT";
  readonly command: CommandLine;
}

export interface ShellInstruction extends Located {
  readonly kind: "SHELL";
  readonly shell: readonly string[];
}

export interface HealthcheckInstruction extends Located {
  readonly kind: "HEALTHCHECK";
  readonly health: HealthConfig;
}

export interface OnbuildInstruction extends Located {
  readonly kind: "ONBUILD";
  /** The instruction to run later, with its here-documents. */
  readonly trigger: string;
}

/** What may stand in a stage after its FROM. */
export type StageInstruction =
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | PairsInstruction
  | ArgInstruction
  | WordsInstruction
  | WordInstruction
  | CommandInstruction
  | ShellInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

export type Instruction = FromInstruction | StageInstruction;

export interface Stage {
  readonly from: FromInstruction;
  readonly instructions: readonly StageInstruction[];
}

export interface Dockerfile {
  /** Escape character: `\` or a backtick. */
  readonly escape: string;
  /** Parser directives by lower-case name. */
  readonly directives: ReadonlyMap<string, string>;
  /** ARGs before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  readonly warnings: readonly string[];
}
