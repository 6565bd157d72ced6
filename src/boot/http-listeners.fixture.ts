import { silentLogger, systemClock } from "#core";
import { createApi } from "#api";
import { echoSession, recordingEngine } from "#api/testing";
import { serveHttp } from "./http.ts";

/** Serves descriptor 3 until its stdin ends; started by `http-listeners.test.ts` as systemd would. */
const attach = () => Promise.resolve(echoSession({ tty: true }));
const { engine } = recordingEngine({
  execs: { start: attach, inspect: () => ({ DetachKeys: "" }) as never },
});
const api = createApi({ engine, version: "0", logger: silentLogger, clock: systemClock });
await using listener = await serveHttp({ api, listen: { kind: "fd", fd: 3 }, logger: silentLogger });
await Bun.write(Bun.stdout, `${listener.address}\n`);
await Bun.stdin.text();
