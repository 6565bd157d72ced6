import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from "#spec";
import type { ApiClient, HijackedStream } from "./client.ts";
import type { TerminalSize } from "./containers.ts";

export async function createExec(client: ApiClient, container: string, request: ExecCreateRequest): Promise<string> {
  const path = `/containers/${encodeURIComponent(container)}/exec`;
  return (await client.json<{ readonly Id: string }>("POST", path, { body: request })).Id;
}

/** Starts it in the background. */
export async function startExecDetached(client: ApiClient, exec: string, request: ExecStartRequest): Promise<void> {
  await client.text("POST", `/exec/${exec}/start`, { body: request });
}

export function startExec(client: ApiClient, exec: string, request: ExecStartRequest): Promise<HijackedStream> {
  return client.hijack(`/exec/${exec}/start`, { body: request });
}

export function inspectExec(client: ApiClient, exec: string, wait = false): Promise<ExecInspect> {
  return client.json("GET", `/exec/${exec}/json`, { query: { wait } });
}

export async function resizeExec(client: ApiClient, exec: string, size: TerminalSize): Promise<void> {
  await client.text("POST", `/exec/${exec}/resize`, { query: { ...size } });
}

/**
 * The exit code, asked for ahead of the end: our daemon answers when there is one, without a question more. Another daemon
 * answers at once and is asked again, when `code` is called: after the end of output.
 */
export function awaitExecCode(client: ApiClient, exec: string): { readonly code: () => Promise<number> } {
  const early = inspectExec(client, exec, true);
  early.catch(() => undefined);
  return {
    async code() {
      const found = await early;
      return found.ExitCode ?? (await inspectExec(client, exec)).ExitCode ?? 0;
    },
  };
}
