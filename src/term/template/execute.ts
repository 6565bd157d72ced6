import { formatValue } from "./format.ts";
import { goType, isTrue, literalMismatch, templateFunctions } from "./functions.ts";
import { GoNil, GoStruct } from "./go-values.ts";
import { TemplateError } from "./lexer.ts";
import type { Command, Node, Operand, ParsedTemplate, Pipeline } from "./parser.ts";

/** How a template sees its data. */
export interface TemplateData {
  /** Value of a field of the root, or undefined when there is none. A function is a method and takes arguments. */
  readonly fields: (name: string) => unknown;
  /** What Go calls the root in errors: `*formatter.ContainerContext`. Undefined: the root is a map. */
  readonly typeName?: string;
  /** The root itself, for `.` and `json .`. */
  readonly root: unknown;
  /** A key that a map lacks is an error; without it, it has no value. */
  readonly strict?: boolean;
}

interface Scope {
  readonly dot: unknown;
  readonly variables: Map<string, unknown>[];
}

class LoopExit extends Error {
  readonly kind: "break" | "continue";

  constructor(kind: "break" | "continue") {
    super(kind);
    this.kind = kind;
  }
}

/** Runs the nodes, appending to `out`. @throws TemplateError with Go's text, after what was printed before it */
export function executeTemplate(
  parsed: ParsedTemplate,
  data: TemplateData,
  source: string,
  out: (text: string) => void,
): void {
  new Executor(parsed, data, source, out).run(parsed.nodes, {
    dot: data.root,
    variables: [new Map([["$", data.root]])],
  });
}

class Executor {
  readonly #named: ParsedTemplate["named"];
  readonly #data: TemplateData;
  readonly #source: string;
  readonly #out: (text: string) => void;

  constructor({ named }: ParsedTemplate, data: TemplateData, source: string, out: (text: string) => void) {
    this.#named = named;
    this.#data = data;
    this.#source = source;
    this.#out = out;
  }

  run(nodes: readonly Node[], scope: Scope): void {
    for (const node of nodes) this.#node(node, scope);
  }

  #node(node: Node, scope: Scope): void {
    switch (node.kind) {
      case "text":
        this.#out(node.text);
        return;
      case "action": {
        const value = this.#assign(node.pipeline, scope);
        if (node.pipeline.variables.length === 0) this.#out(formatValue(value));
        return;
      }
      case "template":
        this.#template(node, scope);
        return;
      case "break":
      case "continue":
        throw new LoopExit(node.kind);
      case "if":
      case "with":
      case "range":
        this.#control(node, scope);
    }
  }

  #template({ name, pipeline, at, text }: Node & { kind: "template" }, scope: Scope): void {
    const body = this.#named.get(name);
    if (!body) throw this.#failureAt(at, text, `template ${JSON.stringify(name)} not defined`);
    const dot = pipeline ? this.#pipeline(pipeline, scope) : null;
    this.run(body, { dot, variables: [new Map([["$", dot]])] });
  }

  #control(node: Node & { kind: "if" | "with" | "range" }, outer: Scope): void {
    const scope: Scope = { dot: outer.dot, variables: [...outer.variables, new Map<string, unknown>()] };
    if (node.kind === "range") {
      this.#range(node, scope);
      return;
    }
    const value = this.#assign(node.pipeline, scope);
    if (isTrue(value)) this.run(node.body, node.kind === "with" ? { ...scope, dot: value } : scope);
    else this.run(node.otherwise, scope);
  }

  #range(node: Node & { kind: "if" | "with" | "range" }, scope: Scope): void {
    const value = this.#pipeline(node.pipeline, scope);
    const entries = this.#entries(value, node.pipeline);
    if (entries.length === 0) this.run(node.otherwise, scope);
    for (const entry of entries) {
      const key: unknown = entry[0];
      const item: unknown = entry[1];
      const inner: Scope = { dot: item, variables: [...scope.variables, new Map<string, unknown>()] };
      const names = node.pipeline.variables;
      if (names.length === 1) setVariable(inner, names[0] ?? "", item, true);
      if (names.length === 2) {
        setVariable(inner, names[0] ?? "", key, true);
        setVariable(inner, names[1] ?? "", item, true);
      }
      try {
        this.run(node.body, inner);
      } catch (error) {
        if (!(error instanceof LoopExit)) throw error;
        if (error.kind === "break") return;
      }
    }
  }

  #entries(value: unknown, pipeline: Pipeline): readonly (readonly [unknown, unknown])[] {
    if (value === null || value === undefined || value instanceof GoNil) return [];
    if (Array.isArray(value)) return value.map((item: unknown, i) => [i, item] as const);
    if (typeof value === "number") return Array.from({ length: value }, (_, i) => [i, i] as const);
    if (typeof value === "object")
      return Object.entries<unknown>({ ...value }).toSorted(([a], [b]) => (a < b ? -1 : 1));
    throw this.#failure(pipeline.commands[0]?.[0], `range can't iterate over ${formatValue(value)}`);
  }

  #assign(pipeline: Pipeline, scope: Scope): unknown {
    const value = this.#pipeline(pipeline, scope);
    for (const name of pipeline.variables) setVariable(scope, name, value, pipeline.declares);
    return value;
  }

  #pipeline(pipeline: Pipeline, scope: Scope): unknown {
    let value: unknown;
    pipeline.commands.forEach((command, i) => {
      value = this.#command(command, scope, i === 0 ? [] : [value]);
    });
    return value;
  }

  #command(command: Command, scope: Scope, piped: readonly unknown[]): unknown {
    const [first, ...rest] = command;
    if (!first) return undefined;
    if (first.kind === "function") return this.#call(first, rest, scope, piped);
    const args = (): unknown[] => [...rest.map((operand) => this.#operand(operand, scope)), ...piped];
    if (first.kind === "nil") throw this.#failure(first, "nil is not a command");
    if (first.kind === "fields" || first.kind === "variable" || first.kind === "pipeline")
      return this.#chain(first, scope, args);
    if (rest.length > 0 || piped.length > 0)
      throw this.#failure(first, `can't give argument to non-function ${this.#text(first)}`);
    return this.#operand(first, scope);
  }

  #call(operand: Operand & { kind: "function" }, rest: Command, scope: Scope, piped: readonly unknown[]): unknown {
    if (operand.name === "and" || operand.name === "or") {
      let value: unknown;
      for (const argument of [...rest, ...piped.map((item) => ({ piped: item }))]) {
        value = "piped" in argument ? argument.piped : this.#operand(argument, scope);
        if (isTrue(value) === (operand.name === "or")) return value;
      }
      return value;
    }
    for (const argument of rest) {
      const mismatch = argument.kind === "value" ? literalMismatch(operand.name, argument.value) : undefined;
      if (mismatch !== undefined) throw this.#failure(argument, mismatch);
    }
    const args = [...rest.map((argument) => this.#operand(argument, scope)), ...piped];
    try {
      return templateFunctions.get(operand.name)?.(...args);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const isArgument = error.message.startsWith("wrong type for value") && rest[0] !== undefined;
      if (isArgument) throw this.#failure(rest[0], error.message);
      throw this.#failure(operand, error.message, [operand, ...rest].map((part) => this.#text(part)).join(" "));
    }
  }

  #operand(operand: Operand, scope: Scope): unknown {
    switch (operand.kind) {
      case "dot":
        return scope.dot;
      case "nil":
        return null;
      case "value":
        return operand.value;
      case "function":
        return this.#call(operand, [], scope, []);
      case "fields":
      case "variable":
      case "pipeline":
        return this.#chain(operand, scope, () => []);
    }
  }

  #chain(
    operand: Operand & { kind: "fields" | "variable" | "pipeline" },
    scope: Scope,
    args: () => unknown[],
  ): unknown {
    let value: unknown = scope.dot;
    if (operand.kind === "variable") value = this.#variable(operand, scope);
    if (operand.kind === "pipeline") value = this.#pipeline(operand.pipeline, scope);
    operand.names.forEach((name, i) => {
      value = this.#field(value, name, operand, i === operand.names.length - 1 ? args() : []);
    });
    return value;
  }

  #variable(operand: Operand & { kind: "variable" }, scope: Scope): unknown {
    const holder = scope.variables.findLast((map) => map.has(operand.name));
    if (!holder) throw new TemplateError(`template: :1: undefined variable "${operand.name}"`);
    return holder.get(operand.name);
  }

  #field(value: unknown, name: string, operand: Operand, args: readonly unknown[]): unknown {
    if (value === this.#data.root) return this.#rootField(name, operand, args);
    if (args.length > 0) throw this.#failure(operand, `${name} is not a method but has arguments`);
    if (value instanceof GoStruct) return this.#structField(value, name, operand);
    if (value instanceof GoNil && value.text === "map[]") return undefined;
    if (value instanceof GoNil) throw this.#failure(operand, `nil pointer evaluating ${value.typeName}.${name}`);
    if (value === null || value === undefined) {
      if (!this.#data.strict && value === undefined) return undefined;
      throw this.#failure(operand, `nil data; no entry for key "${name}"`);
    }
    if (typeof value !== "object" || Array.isArray(value)) {
      const type = this.#data.strict || goType(value) !== "string" ? "interface {}" : "string";
      throw this.#failure(operand, `can't evaluate field ${name} in type ${type}`);
    }
    if (!Object.hasOwn(value, name) && this.#data.strict)
      throw this.#failure(operand, `map has no entry for key "${name}"`);
    return (value as Readonly<Record<string, unknown>>)[name];
  }

  #structField(value: GoStruct, name: string, operand: Operand): unknown {
    const field = value.field(name);
    if (field === undefined) throw this.#failure(operand, `can't evaluate field ${name} in type ${value.typeName}`);
    return field;
  }

  #rootField(name: string, operand: Operand, args: readonly unknown[]): unknown {
    const field = this.#data.fields(name);
    if (typeof field === "function") {
      if (args.length !== field.length)
        throw this.#failure(operand, `wrong number of args for ${name}: want ${field.length} got ${args.length}`);
      return (field as (...a: readonly unknown[]) => unknown)(...args);
    }
    if (args.length > 0 && field !== undefined)
      throw this.#failure(operand, `${name} is not a method but has arguments`);
    if (field === undefined) {
      const { typeName } = this.#data;
      throw this.#failure(
        operand,
        typeName ? `can't evaluate field ${name} in type ${typeName}` : `map has no entry for key "${name}"`,
      );
    }
    return field;
  }

  #failure(operand: Operand | undefined, message: string, text = this.#text(operand)): TemplateError {
    const skipped = operand?.kind === "fields" && operand.names.length > 1 ? (operand.names[0]?.length ?? 0) + 1 : 0;
    return this.#failureAt((operand?.at ?? 0) + skipped, text, message);
  }

  #failureAt(at: number, text: string, message: string): TemplateError {
    const before = this.#source.slice(0, at);
    const line = before.split("\n").length;
    const column = at - (before.lastIndexOf("\n") + 1);
    return new TemplateError(`template: :${line}:${column}: executing "" at <${text}>: ${message}`);
  }

  #text(operand: Operand | undefined): string {
    switch (operand?.kind) {
      case "fields":
        return `.${operand.names.join(".")}`;
      case "variable":
        return [operand.name, ...operand.names].join(".");
      case "function":
        return operand.name;
      case "value":
        return JSON.stringify(operand.value);
      case "dot":
        return ".";
      case "nil":
        return "nil";
      case "pipeline":
        return `(${operand.pipeline.text})`;
      case undefined:
        return "";
    }
  }
}

function setVariable(scope: Scope, name: string, value: unknown, declares: boolean): void {
  const holder = declares ? scope.variables.at(-1) : scope.variables.findLast((map) => map.has(name));
  if (!holder) throw new TemplateError(`template: :1: undefined variable "${name}"`);
  holder.set(name, value);
}
