import { EngineError } from "#core";
import type { Call } from "./call.ts";
import type { ApiResponse } from "./response.ts";

export type Handler = (call: Call) => ApiResponse | Promise<ApiResponse>;

/**
 * One line of a route table. `{x}` is one segment; `{x*}` is one or more, for names with slashes, and may be
 * followed by literals only.
 */
export interface Route {
  readonly method: string;
  readonly pattern: string;
  readonly handler: Handler;
}

/** The handler of a path and its parameters, decoded, in order. */
export interface RouteMatch {
  readonly handler: Handler;
  readonly params: readonly string[];
}

export interface Router {
  find(method: string, path: string): RouteMatch | undefined;
}

type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "one" }
  | { readonly kind: "greedy" };

interface CompiledRoute {
  readonly handler: Handler;
  readonly parts: readonly Part[];
  readonly greedy: boolean;
}

/** Dispatches by method and first segment, so that a request is compared with the few routes of its group; first match wins. */
export function createRouter(routes: readonly Route[]): Router {
  const groups = new Map<string, CompiledRoute[]>();
  for (const route of routes) {
    const parts = route.pattern.slice(1).split("/").map(parsePart);
    const key = groupKey(route.method, route.pattern.slice(1).split("/", 1)[0] ?? "");
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ handler: route.handler, parts, greedy: parts.some((part) => part.kind === "greedy") });
  }
  return {
    find(method, path) {
      const segments = path.slice(1).split("/");
      if (segments.at(-1) === "") return undefined;
      const group = groups.get(groupKey(method, segments[0] ?? ""));
      if (!group) return undefined;
      const compact = segments.includes("") ? segments.filter((segment) => segment !== "") : segments;
      for (const route of group) {
        const params = matchRoute(route, compact);
        if (params) return { handler: route.handler, params: params.map(decode) };
      }
      return undefined;
    },
  };
}

function groupKey(method: string, first: string): string {
  return `${method} ${first}`;
}

function parsePart(text: string): Part {
  if (!text.startsWith("{")) return { kind: "literal", text };
  return { kind: text.endsWith("*}") ? "greedy" : "one" };
}

function matchRoute({ parts, greedy }: CompiledRoute, segments: readonly string[]): string[] | undefined {
  const surplus = segments.length - parts.length;
  if (surplus < 0 || (surplus > 0 && !greedy)) return undefined;
  const params: string[] = [];
  let at = 0;
  for (const part of parts) {
    const length = part.kind === "greedy" ? surplus + 1 : 1;
    if (part.kind === "literal") {
      if (segments[at] !== part.text) return undefined;
    } else params.push(segments.slice(at, at + length).join("/"));
    at += length;
  }
  return params;
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new EngineError("invalid", `invalid URL escape in ${JSON.stringify(text)}`, { cause });
  }
}
