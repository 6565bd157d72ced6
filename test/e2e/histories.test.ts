import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Gone, openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { unexplained, type Happening, type Request, type Verb } from "../support/container-model.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { chosenSeed, randomOf } from "../support/random.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf, readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";

/** LIGHTER_ROUNDS is how many histories are played (default 8), LIGHTER_SEED repeats what the clients do. */
const rounds = Number(process.env["LIGHTER_ROUNDS"] ?? 8);
const seed = chosenSeed();
const clients = 6;
const requestsOfClient = 14;
const names = ["ada", "bob", "cid"] as const;

const verbs: readonly (readonly [Verb | "create", weight: number])[] = [
  ["create", 4],
  ["start", 4],
  ["stop", 2],
  ["kill", 2],
  ["rm", 2],
  ["rm -f", 1],
  ["pause", 2],
  ["unpause", 2],
  ["rename", 2],
  ["exec", 2],
  ["inspect", 2],
];

interface Known {
  readonly id: string;
  readonly name: string;
  readonly history: Happening[];
}

describe.skipIf(process.getuid?.() !== 0)(`many clients at the same few containers, seed ${seed}`, () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let api: ApiClient;

  beforeAll(async () => {
    box = await openSandbox();
    api = openApiClient(box.socket);
    daemon = await startDaemon(box);
    await api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive));
  });
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  test(
    "end as a container can end, and each answer has its reason",
    async () => {
      for (let round = 0; round < rounds; round++) await play(seed + round, undefined);
    },
    20_000 + rounds * 5_000,
  );

  test(
    "also when the daemon is killed meanwhile",
    async () => {
      for (let round = 0; round < rounds; round++) {
        const roundSeed = seed + 1000 + round;
        await play(roundSeed, 20 + randomOf(roundSeed)() * 250);
      }
    },
    20_000 + rounds * 5_000,
  );

  async function play(roundSeed: number, killAfterMs: number | undefined): Promise<void> {
    const known: Known[] = [];
    const lanes = Array.from({ length: clients }, (_, at) => lane(randomOf(roundSeed * 31 + at), known));
    if (killAfterMs !== undefined) {
      await Bun.sleep(killAfterMs);
      await daemon.kill9();
      await Promise.all(lanes);
      for (const { history } of known) history.push({ kind: "died" });
      daemon = await startDaemon(box);
    }
    await Promise.all(lanes);
    await check(`seed ${roundSeed}`, known);
  }

  async function lane(random: () => number, known: Known[]): Promise<void> {
    try {
      for (let count = 0; count < requestsOfClient; count++) await act(random, known);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  async function act(random: () => number, known: Known[]): Promise<void> {
    const verb = pickVerb(random());
    const name = names[Math.trunc(random() * names.length)] ?? "ada";
    const target = known.slice(-5)[Math.trunc(random() * Math.min(5, known.length))];
    if (verb === "create" || target === undefined) return create(name, known);
    const request: Request = verb === "rename" ? { verb, name } : { verb };
    await send(target, request);
  }

  async function create(name: string, known: Known[]): Promise<void> {
    const body = { Image: "busybox:latest", Cmd: ["sleep", "100000"], HostConfig: { NetworkMode: "none" } };
    const answer = await api.ask("POST", `/containers/create?name=${name}`, body);
    expect(answer.status, answer.text).toBeOneOf([201, 409]);
    if (answer.status === 201) known.push({ id: answer.json<{ Id: string }>().Id, name, history: [] });
  }

  /** The answer is known before anybody else can hear of it, so the order of happenings is true. */
  async function send({ id, history }: Known, request: Request): Promise<void> {
    history.push({ kind: "asked", request });
    const [method, path, body] = wordsOf(request, id);
    const answer = await inTime(api.ask(method, path, body), () => told(request, id, history));
    request.status = answer.status;
    if (request.verb === "inspect" && answer.status === 200) request.seen = seenIn(answer.json());
    history.push({ kind: "answered", request });
    expect(answer.status, `${request.verb}: ${answer.text}`).toBeLessThan(500);
  }

  async function check(where: string, known: readonly Known[]): Promise<void> {
    for (const container of known) await send(container, { verb: "inspect" });
    for (const { name, history, id } of known) expect(unexplained(name, history), `${where}, ${id}`).toBeUndefined();
    const list = (await api.call("GET", "/containers/json?all=1")).json<{ Id: string; Names: string[] }[]>();
    expect(new Set(list.flatMap(({ Names }) => Names)).size, where).toBe(list.length);
    // One whose creation was not answered before the daemon died may be there, too.
    await Promise.all(list.map(({ Id }) => api.call("DELETE", `/containers/${Id}?force=1`)));
    const state = (): ReturnType<typeof readEngineState> => readEngineState(box, daemon.pid);
    await until(() => state().faults.length === 0, where).catch(() => undefined);
    expect(state(), where).toEqual({ containers: [], running: [], faults: [] });
    expect(cgroupsOf(known.map(({ id }) => id)), where).toEqual([]);
  }
});

/** A request that is never answered is a fault of its own, told with what came before. */
async function inTime<T>(answer: Promise<T>, tell: () => string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer: ${tell()}`)), 30_000);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function told(request: Request, id: string, history: readonly Happening[]): string {
  const lines = history.map((happening) =>
    happening.kind === "died"
      ? "died"
      : `${happening.kind} ${happening.request.verb} ${happening.request.status ?? ""}`,
  );
  return [`${request.verb} ${id}`, ...lines].join("\n");
}

function pickVerb(number: number): Verb | "create" {
  let left = number * verbs.reduce((sum, [, weight]) => sum + weight, 0);
  return verbs.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "inspect";
}

function wordsOf({ verb, name }: Request, id: string): readonly [method: string, path: string, body?: object] {
  const path = `/containers/${id}`;
  switch (verb) {
    case "start":
    case "kill":
    case "pause":
    case "unpause":
      return ["POST", `${path}/${verb}`];
    case "stop":
      return ["POST", `${path}/stop?t=0`];
    case "rm":
      return ["DELETE", path];
    case "rm -f":
      return ["DELETE", `${path}?force=1`];
    case "rename":
      return ["POST", `${path}/rename?name=${name}`];
    case "exec":
      return ["POST", `${path}/exec`, { Cmd: ["true"] }];
    case "inspect":
      return ["GET", `${path}/json`];
  }
}

function seenIn({ State, Name }: { readonly State: { readonly Status: string }; readonly Name: string }): string {
  return `${State.Status} ${Name.slice(1)}`;
}
