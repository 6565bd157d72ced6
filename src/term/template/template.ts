import { executeTemplate, type TemplateData } from "./execute.ts";
import { templateFunctions } from "./functions.ts";
import { parseTemplate } from "./parser.ts";

/** A parsed template. `execute` appends what it prints to `out`, also what came before an error. */
export interface Template {
  execute(data: TemplateData, out: (text: string) => void): void;
}

const builtin = new Set(["and", "or"]);

/**
 * Parses the subset of Go's text/template that `--format` needs: fields, methods, pipelines, variables, `if`, `with`, `range`,
 * `break`, `continue`, `define`, `template`, `block`, comments, trim markers and Docker's functions.
 * @throws TemplateError with Go's text (`template: :1: …`)
 */
export function compileTemplate(source: string): Template {
  const parsed = parseTemplate(source, (name) => builtin.has(name) || templateFunctions.has(name));
  return { execute: (data, out) => executeTemplate(parsed, data, source, out) };
}

/** Data of a JSON object: fields are its keys. `typeName`: what Go calls it, where it has a type of its own. */
export function mapData(root: unknown, typeName?: string): TemplateData {
  const isObject = typeof root === "object" && root !== null;
  return {
    root,
    ...(typeName === undefined ? {} : { typeName }),
    fields: (name) =>
      isObject && Object.hasOwn(root, name) ? ((root as Readonly<Record<string, unknown>>)[name] ?? null) : undefined,
  };
}
