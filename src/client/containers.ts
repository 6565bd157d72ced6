import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerSummary,
  TopResponse,
  WaitResponse,
} from "#spec";
import { EngineError } from "#core";
import type { ApiClient, HijackedStream, StreamAnswer } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";

const at = (container: string, action: string): string => `${pathOf(container)}/${action}`;

export { at as containerAction };

/** Without a name the path would be another's. @throws EngineError `invalid` */
function pathOf(container: string): string {
  if (container.trim() === "") throw new EngineError("invalid", "invalid container name or ID: value is empty");
  return `/containers/${encodeURIComponent(container)}`;
}

export interface CreateOptions {
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
}

export function createContainer(
  client: ApiClient,
  request: ContainerCreateRequest,
  { name, platform }: CreateOptions = {},
): Promise<ContainerCreateResponse> {
  return client.json("POST", "/containers/create", { query: { name, platform }, body: request });
}

export interface ListContainersOptions {
  readonly all?: boolean;
  readonly limit?: number | undefined;
  readonly size?: boolean;
  readonly filters?: Filters;
}

export function listContainers(
  client: ApiClient,
  options: ListContainersOptions = {},
): Promise<readonly ContainerSummary[]> {
  const { all, limit, size, filters } = options;
  return client.json("GET", "/containers/json", { query: { all, limit, size, filters: encodeFilters(filters) } });
}

export function inspectContainer(client: ApiClient, container: string, size = false): Promise<ContainerInspect> {
  return client.json("GET", at(container, "json"), { query: { size } });
}

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly logs?: boolean;
  readonly detachKeys?: string | undefined;
}

/** Output from now on; before `start`, that is all of it. */
export function attachContainer(client: ApiClient, container: string, options: AttachOptions): Promise<HijackedStream> {
  return client.hijack(at(container, "attach"), { query: { stream: true, ...options } });
}

export async function startContainer(client: ApiClient, container: string, detachKeys?: string): Promise<void> {
  await client.text("POST", at(container, "start"), { query: { detachKeys } });
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** Resolves when the daemon has begun to watch; the promise inside resolves when the condition is met. */
export async function waitContainer(
  client: ApiClient,
  container: string,
  condition?: WaitCondition,
): Promise<{ readonly result: Promise<WaitResponse> }> {
  const { body } = await client.stream("POST", at(container, "wait"), { query: { condition } });
  const result = readJson<WaitResponse>(body);
  result.catch(() => undefined);
  return { result };
}

async function readJson<T>(body: AsyncIterable<Uint8Array>): Promise<T> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}

export interface StopOptions {
  readonly signal?: string | undefined;
  /** Seconds; -1 waits for ever. */
  readonly t?: number | undefined;
}

export async function stopContainer(client: ApiClient, container: string, options: StopOptions = {}): Promise<void> {
  await client.text("POST", at(container, "stop"), { query: { ...options } });
}

export async function restartContainer(client: ApiClient, container: string, options: StopOptions = {}): Promise<void> {
  await client.text("POST", at(container, "restart"), { query: { ...options } });
}

export async function killContainer(client: ApiClient, container: string, signal?: string): Promise<void> {
  await client.text("POST", at(container, "kill"), { query: { signal } });
}

export async function pauseContainer(client: ApiClient, container: string): Promise<void> {
  await client.text("POST", at(container, "pause"));
}

export async function unpauseContainer(client: ApiClient, container: string): Promise<void> {
  await client.text("POST", at(container, "unpause"));
}

export async function renameContainer(client: ApiClient, container: string, name: string): Promise<void> {
  await client.text("POST", at(container, "rename"), { query: { name } });
}

export interface RemoveContainerOptions {
  readonly force?: boolean;
  readonly v?: boolean;
  readonly link?: boolean;
}

export async function removeContainer(
  client: ApiClient,
  container: string,
  options: RemoveContainerOptions = {},
): Promise<void> {
  await client.text("DELETE", pathOf(container), { query: { ...options } });
}

export function topContainer(
  client: ApiClient,
  container: string,
  psArguments: readonly string[],
): Promise<TopResponse> {
  return client.json("GET", at(container, "top"), { query: { ps_args: psArguments.join(" ") } });
}

/** Rows and columns of a terminal. */
export interface TerminalSize {
  readonly h: number;
  readonly w: number;
}

export async function resizeContainer(client: ApiClient, container: string, size: TerminalSize): Promise<void> {
  await client.text("POST", at(container, "resize"), { query: { ...size } });
}

export interface LogsOptions {
  readonly follow?: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly timestamps?: boolean;
  readonly details?: boolean;
  readonly tail?: string | undefined;
}

export function streamLogs(client: ApiClient, container: string, options: LogsOptions): Promise<StreamAnswer> {
  return client.stream("GET", at(container, "logs"), { query: { ...options } });
}

export function updateContainer(
  client: ApiClient,
  container: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly Warnings?: readonly string[] | null }> {
  return client.json("POST", at(container, "update"), { body });
}

export interface CommitOptions {
  readonly container: string;
  readonly repo?: string | undefined;
  readonly tag?: string | undefined;
  readonly comment?: string | undefined;
  readonly author?: string | undefined;
  readonly changes?: readonly string[];
  readonly pause: boolean;
}

export function commitContainer(
  client: ApiClient,
  { pause, ...query }: CommitOptions,
): Promise<{ readonly Id: string }> {
  return client.json("POST", "/commit", { query: { ...query, pause: pause ? "1" : "0" } });
}
