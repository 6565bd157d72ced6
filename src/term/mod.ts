/**
 * term: what a command line shows. Output to descriptors, tables, Go-style templates for `--format`, sizes, ages, progress.
 * Everything here formats; only {@link openOutput} and the raw terminal touch the world.
 */
export {
  formatList,
  listObjects,
  parseListFormat,
  realBreaks,
  type ListColumn,
  type ListFormat,
  type ListSpec,
} from "./list.ts";
export { createProgress, type Progress, type ProgressLine } from "./progress.ts";
export { openRawTerminal, type RawTerminal } from "./raw-terminal.ts";
export { formatBinarySize, formatSize, parseBinarySize } from "./size.ts";
export { errorCode, isTty, openOutput, type Output, type TtySize } from "./streams.ts";
export { alignTabs, tableTabs, type TabOptions } from "./tabs.ts";
export type { TemplateData } from "./template/execute.ts";
export { goEscapes } from "./template/format.ts";
export { GoNil, GoStruct, JsonText, withNamedKeys } from "./template/go-values.ts";
export { TemplateError } from "./template/lexer.ts";
export { compileTemplate, mapData, type Template } from "./template/template.ts";
export { displayWidth, ellipsis, wrapText } from "./width.ts";
export { nodeFs } from "./node-fs.ts";
