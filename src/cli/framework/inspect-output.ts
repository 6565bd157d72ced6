import { compileTemplate, mapData, TemplateError, type Template, type TemplateData } from "#term";
import { CliError, errorText, type Context } from "./command.ts";

/**
 * Prints what was found for each name: a JSON array indented by four, the same in one line (`json`), or a template's text.
 * Goes on after failures. @throws CliError 1 at the end when something was not found, 64 for a broken template
 */
export async function inspectEach(
  context: Context,
  names: readonly string[],
  format: string,
  get: (name: string) => Promise<unknown>,
): Promise<void> {
  const found: unknown[] = [];
  const errors: unknown[] = [];
  for (const result of await Promise.allSettled(names.map(get))) {
    if (result.status === "fulfilled") found.push(result.value);
    else errors.push(result.reason);
  }
  if (format === "") context.stdout.write(`${JSON.stringify(found, null, 4)}\n`);
  else if (format === "json") context.stdout.write(`${JSON.stringify(found)}\n`);
  else for (const item of found) for await (const error of render(context, format, item)) errors.push(error);
  if (errors.length > 0) throw new CliError(errors.map(errorText).join("\n"));
}

/** First by the types that Go has for it, then as it came, which is how Docker does it, too. */
async function* render(context: Context, format: string, item: unknown): AsyncGenerator<Error> {
  const template = compile(format);
  const { inspectData } = await import("./inspect-types.ts");
  const typed = inspectData(item);
  let text = typed === undefined ? undefined : rendered(template, typed);
  try {
    text ??= executed(template, { ...mapData(item), strict: true });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    yield new Error(`template parsing error: ${error.message}`, { cause: error });
  }
  context.stdout.write(`${text ?? ""}\n`);
}

/** Undefined when the template fails. */
function rendered(template: Template, data: TemplateData): string | undefined {
  try {
    return executed(template, data);
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

function executed(template: Template, data: TemplateData): string {
  let text = "";
  template.execute(data, (part) => (text += part));
  return text;
}

function compile(format: string): Template {
  try {
    return compileTemplate(format);
  } catch (error) {
    if (error instanceof TemplateError)
      throw new CliError(`template parsing error: ${error.message}`, 64, { cause: error });
    throw error;
  }
}
