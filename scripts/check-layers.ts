/**
 * Enforces `layers.ts` over a tree: who imports whom, through which door, with which powers, in files of which size.
 * `bun scripts/check-layers.ts [root]`; exits 1 with one line per violation, and when it finds nothing to check.
 */
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { layers, maxFileLines, powers } from "./layers.ts";
import { readFacts, type SourceFact } from "./source-facts.ts";

export interface LayerReport {
  readonly files: number;
  /** `path:line: what is wrong`, in order of path. */
  readonly violations: readonly string[];
}

/** Checks every TypeScript file of `root`/src, and the length of those of test/, scripts/ and bench/. */
export function checkLayers(root: string): LayerReport {
  const sources = list(root, "src/**/*.{ts,tsx}");
  const others = list(root, "{test,scripts,bench}/**/*.{ts,tsx}");
  const dependencies = readDependencies(root);
  const violations = [...sources, ...others].flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const source = path.startsWith("src/") ? checkSource(path, text, dependencies) : [];
    return [...checkLength(path, text), ...source];
  });
  return { files: sources.length, violations };
}

function list(root: string, pattern: string): string[] {
  return [...new Glob(pattern).scanSync({ cwd: root })].filter((path) => !path.endsWith(".gen.ts")).sort();
}

function readDependencies(root: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies?: object };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

function checkLength(path: string, text: string): string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > maxFileLines ? [`${path}:${lines}: ${lines} lines, at most ${maxFileLines} are allowed`] : [];
}

function checkSource(path: string, text: string, dependencies: ReadonlySet<string>): string[] {
  const folder = folderOf(path);
  if (!(folder in layers)) return [`${path}:1: folder ${folder} is not in the layer table`];
  return readFacts(path, text).flatMap((fact) => {
    const problem = isTest(path) ? checkTestFact(path, fact) : checkFact(path, folder, fact, dependencies);
    return problem === undefined ? [] : [`${path}:${fact.line}: ${problem}`];
  });
}

/** `src/build/graph/x.ts` → `build`; `src/main.ts` → `main`. */
function folderOf(path: string): string {
  return path.split("/")[1]?.replace(/\.tsx?$/, "") ?? "";
}

/** Tests, the suites that several of them run, and the makers of test data. None of them is part of the product. */
function isTest(path: string): boolean {
  return /(\.test|[./-]suite|\/testing)\.tsx?$/.test(path);
}

function checkFact(
  path: string,
  folder: string,
  fact: SourceFact,
  dependencies: ReadonlySet<string>,
): string | undefined {
  if (fact.kind === "computed") return `import of a computed path: ${fact.value}`;
  if (fact.kind === "use") return checkPower(folder, fact.value);
  if (fact.value.startsWith("#")) return checkDoor(folder, fact.value);
  if (fact.value.startsWith(".")) return checkRelative(path, folder, fact.value);
  return checkPackage(fact.value, dependencies);
}

/** Tests may pass any door and sub-door and hold every power; inner files of other folders stay closed to them too. */
function checkTestFact(path: string, fact: SourceFact): string | undefined {
  if (fact.kind !== "import" || !fact.value.startsWith(".")) return undefined;
  const target = targetOf(path, fact.value);
  if (!target.startsWith("src/") || folderOf(target) === folderOf(path)) return undefined;
  return `imports ${target}: an inner file of another folder, use its door`;
}

function checkDoor(folder: string, specifier: string): string | undefined {
  const [door = "", ...rest] = specifier.slice(1).split("/");
  const allowed = layers[folder] ?? [];
  if (!(door in layers)) return `imports ${specifier}: no such door`;
  if (door === folder) return `imports ${specifier}: its own door, use a relative path`;
  if (allowed === "*") return undefined;
  if (!allowed.includes(door)) return `imports ${specifier}: ${folder} may import ${allowed.join(", ") || "nothing"}`;
  return rest.length > 0 ? `imports ${specifier}: a sub-door is for boot and tests` : undefined;
}

function checkRelative(path: string, folder: string, specifier: string): string | undefined {
  const target = targetOf(path, specifier);
  if (isTest(target)) return `imports ${target}: test code`;
  if (target === "package.json") return undefined;
  if (!target.startsWith("src/")) return `imports ${target}: outside src`;
  // The program's first file may load one role of boot without the rest.
  if (folder === "main" && /^src\/(boot\/|[^/]+\/mod\.ts$)/.test(target)) return undefined;
  return folderOf(target) === folder ? undefined : `imports ${target}: an inner file of another folder, use its door`;
}

function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier));
}

function checkPackage(specifier: string, dependencies: ReadonlySet<string>): string | undefined {
  if (specifier === "bun" || /^(node|bun):/.test(specifier)) return undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return dependencies.has(name) ? undefined : `imports ${specifier}: not among the dependencies of package.json`;
}

function checkPower(folder: string, symbol: string): string | undefined {
  const power = powers.find(({ symbols }) => symbols.some((pattern) => matches(pattern, symbol)));
  if (!power || power.folders.includes(folder)) return undefined;
  return `uses ${symbol.replace(/\.$/, "")}: ${power.name} belongs to ${power.folders.join(", ")}`;
}

function matches(pattern: string, symbol: string): boolean {
  return pattern.endsWith(".*") ? symbol.startsWith(pattern.slice(0, -1)) : symbol === pattern;
}

if (import.meta.main) {
  const { files, violations } = checkLayers(process.argv[2] ?? join(import.meta.dirname, ".."));
  for (const violation of violations) console.error(violation);
  if (files === 0) console.error("no source file found");
  else console.log(`layers: ${files} files, ${violations.length} violations`);
  process.exit(files === 0 || violations.length > 0 ? 1 : 0);
}
