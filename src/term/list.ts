import { alignTabs, tableTabs } from "./tabs.ts";
import type { TemplateData } from "./template/execute.ts";
import { formatValue, goEscapes } from "./template/format.ts";
import { JsonText } from "./template/go-values.ts";
import { TemplateError } from "./template/lexer.ts";
import { compileTemplate } from "./template/template.ts";

/** One placeholder of a list command: `.Name` in templates, `header` above its column. */
export interface ListColumn<Row> {
  readonly name: string;
  /** Empty for what has no header of its own. */
  readonly header: string;
  readonly value: (row: Row) => unknown;
  /** Makes it a method with an argument (`.Label "x"`); such a column is not part of the JSON form. */
  readonly method?: (row: Row, argument: string) => string;
}

export interface ListSpec<Row> {
  /** What Go calls a row in errors, such as `*formatter.ContainerContext`. */
  readonly typeName: string;
  readonly columns: readonly ListColumn<Row>[];
  /** How an error of the template begins; by default `failed to execute template`. */
  readonly failure?: string;
  /** Columns of the default table, in order. */
  readonly table: readonly string[];
}

export type ListFormat =
  | { readonly kind: "table"; readonly template?: string }
  | { readonly kind: "json" }
  | { readonly kind: "template"; readonly template: string };

/** Reads `table`, `table TEMPLATE`, `json` or a template; `\t` and `\n` written out are made real. */
export function parseListFormat(text: string): ListFormat {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "table") return { kind: "table" };
  if (trimmed === "json") return { kind: "json" };
  const template = realBreaks(text);
  return /^table\s/.test(trimmed)
    ? { kind: "table", template: template.trim().slice(5).trim() }
    : { kind: "template", template };
}

/** A tab and a line break that were written out. */
export function realBreaks(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

/** The text of a list, every line closed. @throws Error with Docker's text for a broken template */
export function formatList<Row>(rows: readonly Row[], spec: ListSpec<Row>, format: ListFormat): string {
  if (format.kind === "json") return rows.map((row) => `${jsonRow(row, spec)}\n`).join("");
  const template = compile(format, spec);
  const lines = rows.map((row) => render(template, rowData(row, spec), spec));
  if (format.kind === "template") return lines.map((line) => `${line}\n`).join("");
  const header = render(template, headerData(spec), spec);
  return alignTabs([header, ...lines, ""].join("\n"), tableTabs);
}

/** Rows as objects of their columns, as the JSON form has them. */
export function listObjects<Row>(
  rows: readonly Row[],
  spec: ListSpec<Row>,
): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => JSON.parse(jsonRow(row, spec)) as Readonly<Record<string, unknown>>);
}

/** Where an error lies is counted from the word `table`, as it was written. */
const tablePrefix = "table ";

function compile<Row>(format: ListFormat, spec: ListSpec<Row>): ReturnType<typeof compileTemplate> {
  const written =
    format.kind === "json" ? "" : (format.template ?? spec.table.map((name) => `{{.${name}}}`).join("\t"));
  try {
    if (format.kind !== "table") return compileTemplate(written);
    const { execute } = compileTemplate(tablePrefix + written);
    return {
      execute(data, out) {
        let isPrefix = true;
        execute(data, (text) => {
          out(isPrefix ? text.slice(tablePrefix.length) : text);
          isPrefix = false;
        });
      },
    };
  } catch (error) {
    if (error instanceof TemplateError) throw new Error(`failed to parse template: ${error.message}`, { cause: error });
    throw error;
  }
}

function render<Row>(template: ReturnType<typeof compileTemplate>, data: TemplateData, spec: ListSpec<Row>): string {
  let text = "";
  try {
    template.execute(data, (part) => (text += part));
  } catch (error) {
    if (error instanceof TemplateError)
      throw new Error(`${spec.failure ?? "failed to execute template"}: ${error.message}`, { cause: error });
    throw error;
  }
  return text;
}

function jsonRow<Row>(row: Row, spec: ListSpec<Row>): string {
  return goEscapes(
    JSON.stringify(Object.fromEntries(plain(spec).map(({ name, value }) => [name, asJson(value(row))]))),
  );
}

function asJson(value: unknown): unknown {
  return typeof value === "object" ? value : formatValue(value);
}

function plain<Row>(spec: ListSpec<Row>): readonly ListColumn<Row>[] {
  return spec.columns.filter(({ method }) => !method).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function rowData<Row>(row: Row, spec: ListSpec<Row>): TemplateData {
  return {
    root: new JsonText(() => jsonRow(row, spec)),
    typeName: spec.typeName,
    fields: (name) => {
      const column = spec.columns.find((candidate) => candidate.name === name);
      const method = column?.method;
      if (method) return (argument: unknown) => method(row, String(argument));
      return column?.value(row);
    },
  };
}

/** A header row: fields give their headers, methods the last part of their argument (`com.example.cpu` gives `cpu`). */
function headerData<Row>(spec: ListSpec<Row>): TemplateData {
  const headers = Object.fromEntries(spec.columns.map(({ name, header }) => [name, header]));
  return {
    root: headers,
    typeName: spec.typeName,
    fields: (name) => {
      const column = spec.columns.find((candidate) => candidate.name === name);
      return column?.method ? (argument: unknown) => String(argument).split(".").at(-1) : column?.header;
    },
  };
}
