import { posix } from "node:path";
import { EngineError } from "#core";
import { parseGlob, type Glob } from "./glob.ts";
import type { IgnoreMatcher } from "./types.ts";

/** Lines of a `.dockerignore` text: comments and blank lines gone, patterns cleaned. */
export function parseIgnoreFile(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return lines
    .filter((line) => !line.startsWith("#"))
    .map(cleanPattern)
    .filter((line) => line !== "");
}

/** As Go's `filepath.Clean`, without the leading slash: patterns are anchored at the root anyway. */
function cleanPattern(line: string): string {
  const trimmed = line.trim();
  const negated = trimmed.startsWith("!");
  const pattern = (negated ? trimmed.slice(1) : trimmed).trim();
  if (pattern === "") return trimmed;
  const clean = posix.normalize(pattern).replace(/(?<=.)\/$/, "");
  const anchored = clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean;
  return negated ? `!${anchored}` : anchored;
}

interface Rule {
  readonly excludes: boolean;
  readonly glob: Glob;
}

/** Lines of a `.dockerignore` file. @throws EngineError `invalid` for a pattern that cannot be parsed */
export function createIgnoreMatcher(lines: readonly string[]): IgnoreMatcher {
  const rules = lines
    .map(cleanPattern)
    .filter((line) => line !== "")
    .map(parseRule);
  return {
    excludes: (path) => lastMatch(rules, path)?.rule.excludes ?? false,
    prunes(directory) {
      const last = lastMatch(rules, directory);
      if (last === undefined || !last.rule.excludes) return false;
      // What matches a directory matches all below it, so only later rules can change the answer there.
      return !rules.slice(last.index + 1).some((rule) => !rule.excludes && rule.glob.canMatchBelow(directory));
    },
  };
}

function parseRule(line: string): Rule {
  const excludes = !line.startsWith("!");
  const pattern = excludes ? line : line.slice(1);
  if (pattern === "") throw new EngineError("invalid", `illegal exclusion pattern: "!"`);
  return { excludes, glob: parseGlob(pattern, { deep: true }) };
}

function lastMatch(rules: readonly Rule[], path: string): { readonly rule: Rule; readonly index: number } | undefined {
  const paths = withParents(path);
  const index = rules.findLastIndex(({ glob }) => paths.some((candidate) => glob.matches(candidate)));
  const rule = rules[index];
  return rule && { rule, index };
}

function withParents(path: string): string[] {
  const paths = [path];
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1))
    paths.push(path.slice(0, slash));
  return paths;
}
