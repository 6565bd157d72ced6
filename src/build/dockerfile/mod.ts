/**
 * The Dockerfile language, read whole: text to instructions to stages, and the expansion of variables in words.
 * Reading never executes, and fails with nothing but EngineError `invalid`, in Docker's words.
 */
export { heredocBody, parseHeredocMark, type Heredoc } from "./heredoc.ts";
export type * from "./instruction.ts";
export { parseDockerfile, parseTrigger } from "./parse.ts";
export { expandBody, expandToWords, expandWord, type Lookup } from "./shell.ts";
