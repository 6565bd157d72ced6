import { randomUUID } from "node:crypto";
import type { ApiClient } from "./api-client.ts";

/** What a container is, as far as a client can tell; `absent` when there is none. */
export type Phase = "absent" | "created" | "running" | "paused" | "exited 7";

/** One request of the life of a container, and what it makes of it. */
export interface Step {
  readonly name: string;
  readonly from: Phase;
  readonly to: Phase;
  /** What the engine says to the request when it had its effect before. */
  readonly again?: RegExp;
  run(api: ApiClient): Promise<number>;
}

/** The whole life of one container, a request at a time: each effect of the engine on a container happens in it. */
export interface Story {
  readonly steps: readonly Step[];
  phase(api: ApiClient): Promise<Phase>;
  /** Its id; empty before it was made. */
  id(): string;
}

/** Ends with 7 when asked to. */
const script = 'trap "exit 7" TERM; echo ready; while :; do sleep 1000 & wait; done';

const request = {
  Image: "busybox:latest",
  Cmd: ["sh", "-c", script],
  // Holds files in the image, so that they are copied into the new volume.
  Volumes: { "/etc": {} },
  ExposedPorts: { "80/tcp": {} },
  HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } },
};

export function createStory(): Story {
  const name = `subject-${randomUUID().slice(0, 8)}`;
  let id = "";
  const post =
    (path: string, body?: object) =>
    async (api: ApiClient): Promise<number> =>
      (await succeed(api, "POST", `/containers/${id || name}${path}`, body)).status;
  const create = async (api: ApiClient): Promise<number> => {
    const answer = await succeed(api, "POST", `/containers/create?name=${name}`, request);
    id = answer.json<{ Id: string }>().Id;
    return answer.status;
  };
  const start = async (api: ApiClient): Promise<number> => {
    const status = await post("/start")(api);
    await hears(api, id);
    return status;
  };
  const exec = async (api: ApiClient): Promise<number> => {
    const made = await succeed(api, "POST", `/containers/${id}/exec`, { Cmd: ["sleep", "0.01"] });
    return (await succeed(api, "POST", `/exec/${made.json<{ Id: string }>().Id}/start`, { Detach: true })).status;
  };
  return {
    id: () => id,
    phase: async (api) => {
      id ||= await idOf(api, name);
      return id === "" ? "absent" : phaseOf(api, id);
    },
    steps: [
      { name: "create", from: "absent", to: "created", run: create },
      { name: "start", from: "created", to: "running", run: start },
      { name: "exec", from: "running", to: "running", run: exec },
      { name: "pause", from: "running", to: "paused", run: post("/pause") },
      { name: "unpause", from: "paused", to: "running", run: post("/unpause") },
      { name: "rename", from: "running", to: "running", run: post(`/rename?name=${name}-new`), again: /same name/ },
      { name: "update", from: "running", to: "running", run: post("/update", { CpuShares: 512 }) },
      { name: "stop", from: "running", to: "exited 7", run: post("/stop") },
      {
        name: "remove",
        from: "exited 7",
        to: "absent",
        run: async (api) => (await succeed(api, "DELETE", `/containers/${id}?v=1`)).status,
      },
    ],
  };
}

export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function succeed(api: ApiClient, method: string, path: string, body?: object): ReturnType<ApiClient["ask"]> {
  const answer = await api.ask(method, path, body);
  if (answer.status >= 400) throw new Refused(answer.status, answer.text);
  return answer;
}

/** Its trap is set once it has said so. */
async function hears(api: ApiClient, id: string): Promise<void> {
  while (!(await succeed(api, "GET", `/containers/${id}/logs?stdout=1`)).text.includes("ready")) await Bun.sleep(2);
}

async function idOf(api: ApiClient, name: string): Promise<string> {
  const answer = await api.ask("GET", `/containers/${name}/json`);
  return answer.status === 404 ? "" : answer.json<{ Id: string }>().Id;
}

async function phaseOf(api: ApiClient, id: string): Promise<Phase> {
  const answer = await api.ask("GET", `/containers/${id}/json`);
  if (answer.status === 404) return "absent";
  const { State } = answer.json<{ State: { Status: string; ExitCode: number } }>();
  return (State.Status === "exited" ? `exited ${State.ExitCode}` : State.Status) as Phase;
}
