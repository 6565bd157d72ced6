import { parseSync, Visitor, type Node } from "oxc-parser";

/** Something a source file says that the layer check cares about. */
export interface SourceFact {
  /** `import`: `value` is a specifier (type-only ones too); `computed`: an import nobody can read; `use`: a dotted symbol. */
  readonly kind: "import" | "computed" | "use";
  readonly value: string;
  readonly line: number;
}

const moduleAliases: Readonly<Record<string, string>> = { bun: "Bun", "node:process": "process", process: "process" };

/**
 * The imports and the dotted symbols of one TypeScript file.
 * @throws Error when the file does not parse; the message names the file.
 */
export function readFacts(file: string, text: string): readonly SourceFact[] {
  const parsed = parseSync(file, text);
  const [error] = parsed.errors;
  if (error) throw new Error(`${file}: ${error.message}`);
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  const facts: SourceFact[] = [];
  const bindings = new Map<string, string>();
  const add = (kind: SourceFact["kind"], value: string, at: Node): void => {
    facts.push({ kind, value, line: lineOf(at.start) });
  };
  const addSource = (source: Node | null | undefined): void => {
    if (!source) return;
    const specifier = literalText(source);
    if (specifier === undefined) add("computed", text.slice(source.start, source.end), source);
    else add("import", specifier, source);
  };

  new Visitor({
    ImportDeclaration(node) {
      addSource(node.source);
      const module = moduleAliases[node.source.value] ?? node.source.value;
      for (const specifier of node.specifiers) {
        if (specifier.type !== "ImportSpecifier") bindings.set(specifier.local.name, module);
        else if (specifier.imported.type === "Identifier")
          add("use", `${module}.${specifier.imported.name}`, specifier);
      }
      if (node.specifiers.length === 0) add("use", `${module}.`, node);
    },
    ExportAllDeclaration: (node) => addSource(node.source),
    ExportNamedDeclaration: (node) => addSource(node.source),
    ImportExpression(node) {
      addSource(node.source);
      const specifier = literalText(node.source);
      if (specifier !== undefined) add("use", `${moduleAliases[specifier] ?? specifier}.`, node);
    },
    TSImportType: (node) => addSource(node.source),
    TSExternalModuleReference: (node) => addSource(node.expression),
    CallExpression(node) {
      if (node.callee.type !== "Identifier") return;
      if (node.callee.name === "require") addSource(node.arguments[0]);
      else add("use", node.callee.name, node);
    },
    MemberExpression(node) {
      const object = rootName(node.object);
      const property = propertyName(node.property, node.computed);
      if (object !== undefined && property !== undefined) {
        add("use", `${bindings.get(object) ?? moduleAliases[object] ?? object}.${property}`, node);
      }
    },
  }).visit(parsed.program);
  return facts;
}

/** `x` and `globalThis.x` are the same root. */
function rootName(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.object.type !== "Identifier") return undefined;
  return node.object.name === "globalThis" ? propertyName(node.property, node.computed) : undefined;
}

function propertyName(node: Node, computed: boolean): string | undefined {
  if (computed) return literalText(node);
  return node.type === "Identifier" ? node.name : undefined;
}

function literalText(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}
