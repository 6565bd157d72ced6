import { createHash } from "node:crypto";
import { open, utimes } from "node:fs/promises";
import { join, posix } from "node:path";
import { EngineError, messageOf } from "#core";

export interface Download {
  /** Base name, from the URL's path; empty when it has none. */
  readonly name: string;
  readonly path: string;
  readonly contentType: string;
  /** `sha256:<hex>` of what came. */
  readonly digest: string;
}

export interface DownloadProgress {
  (bytes: number, totalBytes: number | undefined): void;
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** Fetches a URL into a directory: mode 0600, modification time as the server says. @throws EngineError `unavailable` */
export async function download(
  url: string,
  directory: string,
  signal: AbortSignal,
  onProgress: DownloadProgress,
): Promise<Download> {
  const response = await request(url, signal);
  const name = posix.basename(decodeName(new URL(url).pathname));
  const path = join(directory, name === "" ? "download" : name);
  const digest = await save(response, path, onProgress);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  const seconds = Number.isNaN(modified) ? 0 : modified / 1000;
  await utimes(path, seconds, seconds);
  return { name, path, digest, contentType: response.headers.get("content-type") ?? "" };
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  const response = await reach(url, signal);
  if (response.ok) return response;
  const body = (await response.text()).slice(0, 1024);
  const status = `${response.status} ${response.statusText}`;
  throw new EngineError("unavailable", `failed to GET ${url} with status ${status}: ${body}`);
}

async function reach(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, redirect: "follow" });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new EngineError("unavailable", `Get ${JSON.stringify(url)}: ${messageOf(cause)}`, { cause });
  }
}

/** A name from a URL must not lead elsewhere: the last component only, without NUL. */
function decodeName(path: string): string {
  if (path.endsWith("/")) return "";
  const raw = posix.basename(path);
  const name = safeDecode(raw);
  return name.includes("/") || name.includes("\0") || name === "." || name === ".." ? "" : name;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

async function save(response: Response, path: string, onProgress: DownloadProgress): Promise<string> {
  const hash = createHash("sha256");
  const length = Number(response.headers.get("content-length") ?? NaN);
  const total = Number.isNaN(length) ? undefined : length;
  let bytes = 0;
  await using file = await open(path, "wx", 0o600);
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    await file.writeFile(chunk);
    bytes += chunk.length;
    onProgress(bytes, total);
  }
  return `sha256:${hash.digest("hex")}`;
}
