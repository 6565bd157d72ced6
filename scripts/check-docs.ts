/**
 * Checks what the documentation promises: every door (`mod.ts`) opens with a docstring, and every relative link of the
 * Markdown files leads to a file and, where it names one, a heading. `bun scripts/check-docs.ts [root]`.
 */
import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface DocsReport {
  readonly files: number;
  readonly problems: readonly string[];
}

export function checkDocs(root: string): DocsReport {
  const doors = list(root, "src/**/mod.ts");
  const pages = [...list(root, "*.md"), ...list(root, "{docs,examples}/**/*.md")];
  const problems = [
    ...doors
      .filter((path) => !opensWithDocstring(join(root, path)))
      .map((path) => `${path}:1: no docstring at the top`),
    ...pages.flatMap((path) => checkLinks(root, path)),
  ];
  return { files: doors.length + pages.length, problems };
}

function list(root: string, pattern: string): string[] {
  return [...new Glob(pattern).scanSync({ cwd: root })].sort();
}

/** Before or right after the imports, and at least forty characters of text: a name alone says nothing. */
function opensWithDocstring(file: string): boolean {
  const comment = /^(?:import[^;]*;\s*)*\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return comment.replaceAll(/[\s*]+/g, " ").trim().length >= 40;
}

function checkLinks(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  return links(text).flatMap(({ target, line }) => {
    const problem = checkLink(root, path, target);
    return problem === undefined ? [] : [`${path}:${line}: ${problem}`];
  });
}

function links(text: string): { target: string; line: number }[] {
  const prose = blankOutCode(text);
  return [...prose.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s*(\S+)/gm)].map((match) => ({
    target: match[1] ?? match[2] ?? "",
    line: prose.slice(0, match.index).split("\n").length,
  }));
}

/** Keeps line numbers. */
function blankOutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, " "));
}

function checkLink(root: string, path: string, target: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [file = "", fragment] = target.split("#");
  const page = file === "" ? path : normalize(join(dirname(path), decodeURIComponent(file)));
  if (!existsSync(join(root, page))) return `link to ${target}: ${page} does not exist`;
  if (fragment === undefined || !page.endsWith(".md")) return undefined;
  return headings(join(root, page)).includes(fragment) ? undefined : `link to ${target}: no such heading`;
}

/** The fragments of a page's headings, as the usual forges make them. */
function headings(file: string): string[] {
  return [...blankOutFences(readFileSync(file, "utf8")).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-"),
  );
}

function blankOutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "");
}

if (import.meta.main) {
  const { files, problems } = checkDocs(process.argv[2] ?? join(import.meta.dirname, ".."));
  for (const problem of problems) console.error(problem);
  if (files === 0) console.error("no door and no page found");
  else console.log(`docs: ${files} files, ${problems.length} problems`);
  process.exit(files === 0 || problems.length > 0 ? 1 : 0);
}
