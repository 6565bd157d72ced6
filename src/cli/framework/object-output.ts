import { compileTemplate, mapData, TemplateError } from "#term";
import { CliError } from "./command.ts";

/** One object as JSON or by a template, with a line break. @throws CliError 64 for a template that cannot be used */
export function renderObject(format: string, value: unknown): string {
  if (format === "json") return `${JSON.stringify(value)}\n`;
  try {
    let text = "";
    compileTemplate(format).execute(mapData(value), (part) => (text += part));
    return `${text}\n`;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${error.message}`, 64, { cause: error });
  }
}
