import type { ApiClient } from "./api-client.ts";

/** Makes and starts containers, a few at a time. @returns their ids in order */
export async function startCrowd(
  api: ApiClient,
  count: number,
  bodyOf: (at: number) => object,
  atATime = 8,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const made = await api.call("POST", "/containers/create", bodyOf(at));
      const { Id } = made.json<{ Id: string }>();
      await api.call("POST", `/containers/${Id}/start`);
      ids[at] = Id;
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return ids;
}
