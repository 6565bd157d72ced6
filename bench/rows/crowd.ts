import { CommandFailed, runAsync } from "../command.ts";
import type { SocketEngine } from "../contender.ts";
import { busybox } from "../session.ts";

const atATime = 4;

/** Containers of one engine, made `verb` by `verb` and removed together with `using`. Their ids, oldest first. */
export interface Crowd extends AsyncDisposable {
  readonly ids: readonly string[];
}

/** @throws CommandFailed when one cannot be made */
export async function gather(engine: SocketEngine, count: number, words: readonly string[]): Promise<Crowd> {
  const ids: string[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const made = await runAsync(["docker", ...words], { env: engine.env });
      if (made instanceof CommandFailed) throw made;
      ids.push(made.stdout.trim());
    }
  };
  await using undo = new AsyncDisposableStack();
  undo.defer(() => disband(engine, ids));
  await Promise.all(Array.from({ length: atATime }, worker));
  const owned = undo.move();
  return { ids, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export const sleeping = ["run", "-d", "--stop-signal", "KILL", busybox, "sleep", "100000"];
export const created = ["create", busybox, "true"];

async function disband(engine: SocketEngine, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += 50) {
    const removed = await runAsync(["docker", "rm", "-f", ...ids.slice(at, at + 50)], { env: engine.env });
    if (removed instanceof CommandFailed) throw removed;
  }
}
