export interface SplitPath {
  /** Empty: the root. */
  readonly parent: string;
  readonly name: string;
}

/** Parts a clean relative path. */
export function splitPath(path: string): SplitPath {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? { parent: "", name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Lexically cleaned and relative to a root that `..` cannot leave: no empty parts, no `.`, no `..`; empty for the root. */
export function cleanPath(path: string): string {
  if (!needsCleaning.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const needsCleaning = /^\/|\/\/|\/$|(?:^|\/)\.{1,2}(?:\/|$)/;
