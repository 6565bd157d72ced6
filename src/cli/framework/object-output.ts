import { compileTemplate, GoStruct, mapData, TemplateError, type Output } from "#term";
import { CliError } from "./command.ts";

export interface NamedObject {
  /** What the template is called in errors. */
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** What Go calls the type of the whole, and of its fields that are structs. */
  readonly typeName: string;
  readonly types?: Readonly<Record<string, string>>;
}

/**
 * Writes one object as JSON or by a template, with a line break. @throws CliError with Docker's text: 64 for a template that
 * cannot be parsed, 1 for one that asks for what is not there
 */
export function writeNamed(stdout: Output, format: string, { name, value, typeName, types = {} }: NamedObject): void {
  if (format === "json") return stdout.write(`${JSON.stringify(value)}\n`);
  const named = (error: TemplateError): string =>
    name === ""
      ? error.message
      : error.message.replace("template: :", `template: ${name}:`).replace('executing ""', `executing "${name}"`);
  let template: ReturnType<typeof compileTemplate>;
  try {
    template = compileTemplate(format);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${named(error)}`, 64, { cause: error });
  }
  const fields = { ...mapData(value), typeName };
  let text = "";
  try {
    const data = { ...fields, fields: (field: string) => structOf(fields.fields(field), types[field]) };
    template.execute(data, (part) => (text += part));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(named(error), 1, { cause: error });
  } finally {
    stdout.write(`${text}\n`);
  }
}

function structOf(value: unknown, typeName: string | undefined): unknown {
  if (typeName === undefined || typeof value !== "object" || value === null) return value;
  const names = Object.getOwnPropertyNames(value);
  return new GoStruct(typeName, value, names, (name) => (value as Readonly<Record<string, unknown>>)[name]);
}
