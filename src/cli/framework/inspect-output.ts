import { compileTemplate, mapData, TemplateError } from "#term";
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
  else for (const item of found) errors.push(...render(context, format, item));
  if (errors.length > 0) throw new CliError(errors.map(errorText).join("\n"));
}

function* render(context: Context, format: string, item: unknown): Generator<Error> {
  let text = "";
  try {
    text = rendered(format, withNil(item)) ?? "";
    if (text === "") compile(format).execute(mapData(item), (part) => (text += part));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    yield new Error(`template parsing error: ${error.message}`, { cause: error });
  }
  context.stdout.write(`${text}\n`);
}

/** Undefined when the template fails. */
function rendered(format: string, item: unknown): string | undefined {
  let text = "";
  try {
    compile(format).execute(mapData(item), (part) => (text += part));
    return text;
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}

/** A container without a health check has a field for it that is nil in Docker's own types; the API leaves it out. */
function withNil(item: unknown): unknown {
  const { State, HostConfig } = item as { readonly State?: object; readonly HostConfig?: object };
  return State && HostConfig && !("Health" in State)
    ? { ...(item as object), State: { ...State, Health: null } }
    : item;
}

function compile(format: string): ReturnType<typeof compileTemplate> {
  try {
    return compileTemplate(format);
  } catch (error) {
    if (error instanceof TemplateError)
      throw new CliError(`template parsing error: ${error.message}`, 64, { cause: error });
    throw error;
  }
}
