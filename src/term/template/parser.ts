import { TemplateError, tokenize, type Token } from "./lexer.ts";

export type Operand =
  | { readonly kind: "dot"; readonly at: number }
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "value"; readonly value: string | number | boolean; readonly at: number }
  | { readonly kind: "fields"; readonly names: readonly string[]; readonly at: number }
  | { readonly kind: "variable"; readonly name: string; readonly names: readonly string[]; readonly at: number }
  | { readonly kind: "function"; readonly name: string; readonly at: number }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline; readonly names: readonly string[]; readonly at: number };

/** One command: a function or method with its arguments, or a lone operand. */
export type Command = readonly Operand[];

export interface Pipeline {
  /** Variables it sets: one, or index and element of a `range`. */
  readonly variables: readonly string[];
  readonly declares: boolean;
  readonly commands: readonly Command[];
  readonly text: string;
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly pipeline: Pipeline | undefined;
      readonly at: number;
      readonly text: string;
    }
  | { readonly kind: "break" | "continue" };

export interface ParsedTemplate {
  readonly nodes: readonly Node[];
  /** Bodies of `define` and `block`, by name. */
  readonly named: ReadonlyMap<string, readonly Node[]>;
}

/** @throws TemplateError with Go's text: `template: :1: …` */
export function parseTemplate(source: string, known: (name: string) => boolean): ParsedTemplate {
  try {
    return new Parser(tokenize(source), source, known).template();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(`template: :${source.split("\n").length}: ${error.message}`);
  }
}

class Parser {
  #at = 0;
  #loops = 0;
  #variables = ["$"];
  readonly #named = new Map<string, readonly Node[]>();
  readonly #tokens: readonly Token[];
  readonly #source: string;
  readonly #known: (name: string) => boolean;

  constructor(tokens: readonly Token[], source: string, known: (name: string) => boolean) {
    this.#tokens = tokens;
    this.#source = source;
    this.#known = known;
  }

  template(): ParsedTemplate {
    const { nodes, stop } = this.#list();
    if (stop !== undefined) throw new TemplateError(`unexpected {{${stop}}}`);
    return { nodes, named: this.#named };
  }

  /** Nodes up to the end, `{{end}}` or `{{else}}`; `stop` is the word that ended it. */
  #list(): { nodes: Node[]; stop: string | undefined } {
    const nodes: Node[] = [];
    for (let token = this.#next(); token; token = this.#next()) {
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const word = this.#peekWord();
      if (word === "end" || word === "else") {
        this.#skip();
        return { nodes, stop: word };
      }
      if (word === "define") this.#define();
      else nodes.push(this.#action(word));
    }
    return { nodes, stop: undefined };
  }

  #action(word: string | undefined): Node {
    if (word === "if" || word === "with" || word === "range") {
      this.#skip();
      return this.#control(word);
    }
    if (word === "break" || word === "continue") {
      this.#skip();
      this.#close(word);
      if (this.#loops === 0) throw new TemplateError(`{{${word}}} outside {{range}}`);
      return { kind: word };
    }
    if (word === "template" || word === "block") return this.#template(word);
    const pipeline = this.#pipeline("command");
    this.#close("command");
    return { kind: "action", pipeline };
  }

  /** `{{define "name"}}…{{end}}` */
  #define(): void {
    this.#skip();
    const name = this.#name("define clause");
    this.#close("define clause");
    this.#body(name, "define clause");
  }

  /** `{{template "name" pipeline}}`, or `{{block "name" pipeline}}…{{end}}`, which also defines it. */
  #template(word: "template" | "block"): Node {
    const start = this.#index();
    this.#skip();
    const at = this.#peek()?.at ?? 0;
    const name = this.#name(`${word} clause`);
    const pipeline = this.#peek()?.kind === "close" ? undefined : this.#pipeline(`${word} clause`);
    const text = `{{${this.#source.slice(this.#tokens[start]?.at, this.#peek()?.at).trim()}}}`;
    this.#close(`${word} clause`);
    if (word === "block") this.#body(name, "block clause");
    return { kind: "template", name, pipeline, at, text };
  }

  #name(context: string): string {
    const token = this.#peek();
    if (token?.kind !== "string")
      throw new TemplateError(`unexpected ${JSON.stringify(token?.text ?? "EOF")} in ${context}`);
    this.#skip();
    return unquote(token.text);
  }

  /** The variables outside are not those inside. */
  #body(name: string, context: string): void {
    const outside = this.#variables;
    this.#variables = ["$"];
    const { nodes, stop } = this.#list();
    if (stop !== "end")
      throw new TemplateError(stop === undefined ? "unexpected EOF" : `unexpected {{${stop}}} in ${context}`);
    this.#close("end");
    this.#variables = outside;
    this.#named.set(name, nodes);
  }

  #control(kind: "if" | "with" | "range"): Node {
    const outside = this.#variables.length;
    const pipeline = this.#pipeline(kind);
    this.#close(kind);
    if (kind === "range") this.#loops++;
    const { nodes: body, stop } = this.#list();
    if (kind === "range") this.#loops--;
    if (stop === undefined) throw new TemplateError("unexpected EOF");
    if (stop === "end") this.#close("end");
    const otherwise = stop === "end" ? [] : this.#otherwise(kind);
    this.#variables.length = outside;
    return { kind, pipeline, body, otherwise };
  }

  #otherwise(kind: "if" | "with" | "range"): readonly Node[] {
    const word = this.#peekWord();
    if ((word === "if" && kind === "if") || (word === "with" && kind === "with")) {
      this.#skip();
      return [this.#control(word)];
    }
    this.#close("else");
    const { nodes, stop } = this.#list();
    if (stop !== "end") throw new TemplateError(stop === undefined ? "unexpected EOF" : "expected end; found {{else}}");
    this.#close("end");
    return nodes;
  }

  #pipeline(context: string): Pipeline {
    const start = this.#peek()?.at ?? 0;
    const { variables, declares } = this.#declaration();
    const commands: Command[] = [this.#command(context)];
    while (this.#peekText() === "|") {
      this.#skip();
      commands.push(this.#command(context));
    }
    if (commands.some((command) => command.length === 0)) throw new TemplateError(`missing value for ${context}`);
    return { variables, declares, commands, text: this.#source.slice(start, this.#peek()?.at).trim() };
  }

  #declaration(): { variables: readonly string[]; declares: boolean } {
    const before = this.#at;
    const variables: string[] = [];
    while (this.#peek()?.kind === "variable") {
      variables.push(this.#skip()?.text ?? "");
      const mark = this.#peekText();
      if (mark === ",") {
        this.#skip();
        continue;
      }
      if (mark !== ":=" && mark !== "=") break;
      this.#skip();
      if (mark === ":=") this.#variables.push(...variables);
      else variables.forEach((name) => this.#checkVariable(name));
      return { variables, declares: mark === ":=" };
    }
    this.#at = before;
    return { variables: [], declares: false };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw new TemplateError(`undefined variable "${name}"`);
  }

  #command(context: string): Command {
    const operands: Operand[] = [];
    for (let operand = this.#operand(context); operand; operand = this.#operand(context)) operands.push(operand);
    return operands;
  }

  #operand(context: string): Operand | undefined {
    const token = this.#peek();
    if (!token || token.kind === "close" || token.text === "|" || token.text === ")") return undefined;
    this.#skip();
    const { at } = token;
    switch (token.kind) {
      case "string":
        return { kind: "value", value: unquote(token.text), at };
      case "char":
        return { kind: "value", value: unquote(`"${token.text.slice(1, -1)}"`).codePointAt(0) ?? 0, at };
      case "number":
        return { kind: "value", value: Number(token.text), at };
      case "field":
        return { kind: "fields", names: [token.text.slice(1), ...this.#fields()], at };
      case "variable":
        this.#checkVariable(token.text);
        return { kind: "variable", name: token.text, names: this.#fields(), at };
      case "word":
        return this.#word(token.text, at);
      case "punct":
        return this.#punctuation(token, context);
      case "text":
      case "open":
      case "space":
        throw new TemplateError(`unexpected ${JSON.stringify(token.text)} in ${context}`);
    }
  }

  #word(text: string, at: number): Operand {
    if (text === "true" || text === "false") return { kind: "value", value: text === "true", at };
    if (text === "nil") return { kind: "nil", at };
    if (!this.#known(text)) throw new TemplateError(`function ${JSON.stringify(text)} not defined`);
    return { kind: "function", name: text, at };
  }

  #punctuation(token: Token, context: string): Operand {
    if (token.text === ".") return { kind: "dot", at: token.at };
    if (token.text !== "(") throw new TemplateError(`unexpected ${JSON.stringify(token.text)} in ${context}`);
    const pipeline = this.#pipeline("parenthesized pipeline");
    if (this.#peekText() !== ")") throw new TemplateError("unclosed left paren");
    this.#at = this.#index() + 1;
    return { kind: "pipeline", pipeline, names: this.#fields(), at: token.at };
  }

  /** Fields that follow without a space: `$x.A.B`, `(…).A`. */
  #fields(): readonly string[] {
    const names: string[] = [];
    for (let next = this.#tokens[this.#at]; next?.kind === "field"; next = this.#tokens[this.#at]) {
      names.push(next.text.slice(1));
      this.#at++;
    }
    return names;
  }

  #close(context: string): void {
    const token = this.#next();
    if (token?.kind === "close") return;
    if (!token) throw new TemplateError("unclosed action");
    throw new TemplateError(`unexpected ${JSON.stringify(token.text)} in ${context}`);
  }

  #index(): number {
    let index = this.#at;
    while (this.#tokens[index]?.kind === "space") index++;
    return index;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#index()];
  }

  #peekText(): string | undefined {
    const token = this.#peek();
    return token?.kind === "punct" ? token.text : undefined;
  }

  #peekWord(): string | undefined {
    const token = this.#peek();
    return token?.kind === "word" ? token.text : undefined;
  }

  #next(): Token | undefined {
    const index = this.#index();
    this.#at = index + 1;
    return this.#tokens[index];
  }

  /** Takes the next token; what follows it directly stays where it is. */
  #skip(): Token | undefined {
    return this.#next();
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };

function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  return text
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs, (_, escape: string) => {
      if (/^[xuU]./.test(escape)) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
      if (/^[0-7]{3}$/.test(escape)) return String.fromCodePoint(Number.parseInt(escape, 8));
      return escapes[escape] ?? escape;
    });
}
