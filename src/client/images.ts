import type { ImageDeleteItem, ImageHistoryItem, ImageInspect, ImageSummary, ProgressMessage } from "#spec";
import type { ApiClient, ByteSource, QueryValue, StreamAnswer } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";

/** Image names keep their slashes: the API's routes expect them. */
const at = (image: string, action = ""): string => `/images/${encodeURI(image)}${action}`;

export interface ListImagesOptions {
  readonly all?: boolean;
  readonly digests?: boolean;
  readonly filters?: Filters;
}

export function listImages(
  client: ApiClient,
  { all, digests, filters }: ListImagesOptions = {},
): Promise<readonly ImageSummary[]> {
  return client.json("GET", "/images/json", { query: { all, digests, filters: encodeFilters(filters) } });
}

export function inspectImage(client: ApiClient, image: string): Promise<ImageInspect> {
  return client.json("GET", at(image, "/json"));
}

export function imageHistory(
  client: ApiClient,
  image: string,
  platform?: string,
): Promise<readonly ImageHistoryItem[]> {
  return client.json("GET", at(image, "/history"), { query: { platform } });
}

export async function tagImage(client: ApiClient, image: string, repo: string, tag?: string): Promise<void> {
  await client.text("POST", at(image, "/tag"), { query: { repo, tag } });
}

export interface RemoveImageOptions {
  readonly force?: boolean;
  readonly noprune?: boolean;
  readonly platforms?: readonly string[];
}

export function removeImage(
  client: ApiClient,
  image: string,
  options: RemoveImageOptions = {},
): Promise<readonly ImageDeleteItem[]> {
  return client.json("DELETE", at(image), { query: { ...options } });
}

export interface LoadOptions {
  readonly quiet?: boolean;
  readonly platform?: string | undefined;
}

export function loadImages(
  client: ApiClient,
  tar: ByteSource,
  options: LoadOptions = {},
): AsyncGenerator<ProgressMessage> {
  return client.messages("POST", "/images/load", { query: { ...options }, upload: tar });
}

export function saveImages(client: ApiClient, names: readonly string[], platform?: string): Promise<StreamAnswer> {
  return client.stream("GET", "/images/get", { query: { names, platform } });
}

export interface ImportOptions {
  /** `-` for the uploaded tar, or a URL that the daemon fetches. */
  readonly fromSrc: string;
  readonly repo?: string | undefined;
  readonly tag?: string | undefined;
  readonly message?: string | undefined;
  readonly changes?: readonly string[];
  readonly platform?: string | undefined;
}

export function importImage(
  client: ApiClient,
  options: ImportOptions,
  tar?: ByteSource,
): AsyncGenerator<ProgressMessage> {
  return client.messages("POST", "/images/create", { query: { ...options }, ...(tar ? { upload: tar } : {}) });
}

export interface PullOptions {
  readonly fromImage: string;
  readonly tag?: string | undefined;
  readonly platform?: string | undefined;
}

/** @param auth base64url of the JSON credentials (`X-Registry-Auth`) */
export function pullImage(client: ApiClient, options: PullOptions, auth?: string): AsyncGenerator<ProgressMessage> {
  const headers = auth === undefined ? {} : { "X-Registry-Auth": auth };
  return client.messages("POST", "/images/create", { query: { ...options }, headers });
}

/** Classic builder: `query` as the API names its parameters. */
export function buildImage(
  client: ApiClient,
  query: Readonly<Record<string, QueryValue>>,
  context: ByteSource | undefined,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<ProgressMessage> {
  return client.messages("POST", "/build", { query, headers, ...(context ? { upload: context } : {}) });
}
