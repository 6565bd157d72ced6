import { pathStatHeader, type FsChange, type PathStat } from "#spec";
import type { ApiClient, ByteSource, StreamAnswer } from "./client.ts";
import { containerAction } from "./containers.ts";
import { ConnectionError } from "./errors.ts";
import type { AnswerHead } from "./http.ts";

export async function listChanges(client: ApiClient, container: string): Promise<readonly FsChange[]> {
  return (await client.json<readonly FsChange[] | null>("GET", containerAction(container, "changes"))) ?? [];
}

export function exportContainer(client: ApiClient, container: string): Promise<StreamAnswer> {
  return client.stream("GET", containerAction(container, "export"));
}

/** What stands at a path of a container. @throws ApiError 404 when nothing does */
export async function statContainerPath(client: ApiClient, container: string, path: string): Promise<PathStat> {
  const { head, body } = await client.stream("HEAD", containerAction(container, "archive"), { query: { path } });
  await body.next(); // to its end: the connection can be used again
  return statOf(head);
}

/** A tar of what stands at a path. The body must be read or returned. */
export async function getContainerArchive(
  client: ApiClient,
  container: string,
  path: string,
): Promise<{ readonly stat: PathStat; readonly body: StreamAnswer["body"] }> {
  const { head, body } = await client.stream("GET", containerAction(container, "archive"), { query: { path } });
  return { stat: statOf(head), body };
}

export interface PutArchiveOptions {
  /** A directory of the container. */
  readonly path: string;
  readonly noOverwriteDirNonDir: boolean;
  readonly copyUIDGID: boolean;
}

export async function putContainerArchive(
  client: ApiClient,
  container: string,
  tar: ByteSource,
  options: PutArchiveOptions,
): Promise<void> {
  await client.text("PUT", containerAction(container, "archive"), { query: { ...options }, upload: tar });
}

function statOf(head: AnswerHead): PathStat {
  const value = head.headers.get(pathStatHeader.toLowerCase());
  if (value === undefined) throw new ConnectionError("unable to get resource stat from response");
  return JSON.parse(Buffer.from(value, "base64").toString()) as PathStat;
}
