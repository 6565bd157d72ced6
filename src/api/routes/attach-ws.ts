import type { Call } from "../call.ts";
import { parseDetachKeys } from "../detach.ts";
import { boolParam } from "../query.ts";
import type { HijackResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { serveSession } from "../session.ts";
import { checkHandshake } from "../websocket.ts";

export const attachWebsocketRoutes: readonly Route[] = [
  { method: "GET", pattern: "/containers/{id}/attach/ws", handler: attach },
];

/** Output is never framed: stdout and stderr are one stream. Before 1.42 all three streams were attached, before 1.28 messages were text. */
async function attach(call: Call): Promise<HijackResponse> {
  const detachKeys = call.param("detachKeys");
  const keys = parseDetachKeys(detachKeys);
  await call.engine.containers.inspect(call.name, { size: false });
  checkHandshake(call.request.headers);
  const wanted = (stream: string): boolean => call.version < 1042 || boolParam(call, stream);
  const session = await call.engine.containers.attach(call.name, {
    stdin: wanted("stdin"),
    stdout: wanted("stdout"),
    stderr: wanted("stderr"),
    logs: boolParam(call, "logs"),
    stream: boolParam(call, "stream"),
    detachKeys,
  });
  return {
    kind: "hijack",
    status: 101,
    headers: {},
    websocket: call.version < 1028 ? "text" : "binary",
    serve: (connection) => serveSession(session, connection, { detachKeys: keys, framed: false }),
  };
}
