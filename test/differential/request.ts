/**
 * `api METHOD PATH [BODY] [CONTENT-TYPE]` in the lines of cases: one HTTP request to the side's engine, told as status,
 * headers clients read, and for JSON the sorted keys with the types of their values; messages of errors and texts whole.
 * A body of `-` is none at all; content type `none` sends no header, by default it is JSON where there is a body.
 */
/** Keys that name things of this run. */
const named = /^(?:sha256:)?[0-9a-f]{12,}$|^[a-z]*ltdiff|^\d+\/(?:tcp|udp)$|^(?:io\.)?runc|crun/;

const [method = "GET", path = "/", body = "-", type = "application/json"] = process.argv.slice(2);
const socket = (process.env["DOCKER_HOST"] ?? "").slice("unix://".length);
const headers: Record<string, string> = body === "-" || type === "none" ? {} : { "Content-Type": type };
const response = await fetch(`http://engine${path}`, {
  method,
  unix: socket,
  headers,
  // As bytes: of a string Bun would say that it is text.
  ...(body === "-" ? {} : { body: new TextEncoder().encode(body) }),
});
console.log(`${response.status} ${response.headers.get("content-type") ?? "no type"}`);
// Docker leaves them out of some errors.
for (const name of response.ok ? ["Api-Version", "Docker-Experimental", "Ostype", "Location"] : [])
  if (response.headers.has(name)) console.log(`${name}: ${response.headers.get(name)}`);
const text = await response.text();
for (const line of shapeOf(text)) console.log(line);

/** Lines of JSON, as of streams, count as the elements of a list. */
function shapeOf(answer: string): readonly string[] {
  if (answer === "") return [];
  if (!response.headers.get("content-type")?.startsWith("application/json")) return [answer.trimEnd()];
  const seen = new Set<string>();
  const documents = answer.trim().split("\n");
  for (const each of documents) collect(JSON.parse(each), documents.length > 1 ? "[]" : "", seen);
  return [...seen].sort();
}

function collect(value: unknown, at: string, seen: Set<string>): void {
  if (Array.isArray(value)) {
    seen.add(`${at}: ${value.length === 0 ? "empty list" : "list"}`);
    for (const each of value) collect(each, `${at}[]`, seen);
  } else if (typeof value === "object" && value !== null) {
    if (Object.keys(value).length === 0) seen.add(`${at}: {}`);
    for (const [key, each] of Object.entries(value)) collect(each, `${at}.${named.test(key) ? "<name>" : key}`, seen);
  } else
    seen.add(
      at === ".message"
        ? `.message: ${String(value).replace(/^(?:invalid JSON: .*|unexpected content after JSON)$/s, "invalid JSON")}`
        : `${at}: ${value === null ? "null" : typeof value}`,
    );
}
