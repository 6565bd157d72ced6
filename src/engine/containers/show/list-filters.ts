import { EngineError, isEngineError } from "#core";
import type { ImageRecord } from "#image";
import type { Filters } from "../../contract.ts";
import { shownHealth } from "../../health/config.ts";
import { matchesLabel } from "../../labels.ts";
import type { ContainerContext } from "../context.ts";
import { compilePattern, type LinearPattern } from "./linear-pattern.ts";
import type { ContainerRecord } from "../record.ts";

type Test = (record: ContainerRecord, value: string) => boolean;

const statuses = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

const healths = ["none", "starting", "healthy", "unhealthy"];

/**
 * True for a record that holds under every key; values of one key are alternatives, labels must all hold.
 * @throws EngineError `invalid` for a value that is none, `not_found` for a container that `before` or `since` name
 */
export function matchesFilters(context: ContainerContext, filters: Filters): (record: ContainerRecord) => boolean {
  checkValues(filters);
  const tests = [...filters].map(([key, values]) => {
    const test = createTest(context, key, values);
    return (record: ContainerRecord): boolean =>
      key === "label" ? values.every((value) => test(record, value)) : values.some((value) => test(record, value));
  });
  return (record) => tests.every((test) => test(record));
}

function checkValues(filters: Filters): void {
  for (const [key, what, known] of [
    ["status", "state", statuses],
    ["health", "health", healths],
  ] as const) {
    const wrong = filters.get(key)?.find((value) => !known.includes(value));
    if (wrong !== undefined) {
      const text = `invalid value for ${what} (${wrong}): must be one of ${known.join(", ")}`;
      throw new EngineError("invalid", `invalid filter '${key}=${wrong}': ${text}`);
    }
  }
  for (const code of filters.get("exited") ?? []) {
    if (!/^[+-]?\d+$/.test(code))
      throw new EngineError("invalid", `invalid filter 'exited=${code}': ${notNumber("Atoi", code)}`);
  }
  for (const isTask of filters.get("is-task") ?? []) {
    if (!/^(?:[01tf]|true|false)$/i.test(isTask))
      throw new EngineError("invalid", `invalid filter 'is-task=[${isTask}]'`);
  }
  for (const key of ["expose", "publish"]) {
    for (const port of filters.get(key) ?? []) checkPort(key, port);
  }
}

function createTest(context: ContainerContext, key: string, values: readonly string[]): Test {
  switch (key) {
    case "ancestor":
      return createAncestorTest(context, values);
    case "before":
    case "since":
      return createAgeTest(context, key, values);
    case "name":
      return createNameTest();
    default:
      return plainTests[key] ?? (() => false);
  }
}

function createAgeTest({ registry }: ContainerContext, key: "before" | "since", values: readonly string[]): Test {
  const bounds = new Map(values.map((value) => [value, BigInt(registry.find(value).createdNs)]));
  return ({ createdNs }, value) => {
    const bound = bounds.get(value) ?? 0n;
    return key === "before" ? BigInt(createdNs) < bound : BigInt(createdNs) > bound;
  };
}

const plainTests: Readonly<Record<string, Test>> = {
  exited: ({ state }, value) => state.status === "exited" && state.exitCode === Number(value),
  status: ({ state }, value) => state.status === value,
  health: (record, value) => (shownHealth(record)?.Status ?? "none") === value,
  id: ({ id }, value) => id.startsWith(value),
  label: ({ config }, value) => matchesLabel(config.Labels ?? {}, value),
  network: ({ hostConfig, state }, value) =>
    hostConfig.NetworkMode === value ||
    state.endpoint?.networkName === value ||
    state.endpoint?.networkId.startsWith(value) === true,
  volume: ({ mounts }, value) =>
    mounts.some(({ Name, Source, Destination }) => [Name, Source, Destination].includes(value)),
  // Of containers that run, as in Docker: what is exposed by its own port, what is published by that of the host.
  expose: ({ state }, value) => Object.keys(state.ports ?? {}).some((port) => inPorts(port, value)),
  publish: ({ state }, value) =>
    Object.entries(state.ports ?? {}).some(([port, bindings]) =>
      bindings?.some(({ HostPort = "" }) => inPorts(`${HostPort}/${port.split("/")[1] ?? "tcp"}`, value)),
    ),
  // No container is a task of a swarm, and Linux has one isolation.
  "is-task": (_record, value) => /^[0f]/i.test(value),
  isolation: () => true,
};

/** A part of the name or a regular expression, with the slash before the name and without. */
function createNameTest(): Test {
  const patterns = new Map<string, LinearPattern | undefined>();
  return ({ name }, value) => {
    if (`/${name}`.includes(value)) return true;
    if (!patterns.has(value)) patterns.set(value, compilePattern(value));
    const pattern = patterns.get(value);
    return pattern !== undefined && (pattern.test(name) || pattern.test(`/${name}`));
  };
}

function checkPort(key: string, text: string): void {
  const [range = ""] = text.split("/");
  const wrong = range.split("-").find((number) => !/^\d+$/.test(number) || Number(number) > 65_535);
  if (wrong === undefined) return;
  throw new EngineError("invalid", `error while looking up for ${key} ${text}: ${notNumber("ParseUint", wrong)}`);
}

function notNumber(parser: string, text: string): string {
  const reason = /^\d+$/.test(text) ? "value out of range" : "invalid syntax";
  return `strconv.${parser}: parsing ${JSON.stringify(text)}: ${reason}`;
}

/** `80`, `80/udp` or `8000-8010/tcp` against a port such as `80/tcp`. */
function inPorts(port: string, wanted: string): boolean {
  const [range = "", protocol = "tcp"] = wanted.split("/");
  const [number = "", ownProtocol = "tcp"] = port.split("/");
  const [first = "", last = first] = range.split("-");
  return protocol === ownProtocol && Number(number) >= Number(first) && Number(number) <= Number(last);
}

/** Of the image itself, or one that was made from it: by its parents, or its layers where those are not known. */
function createAncestorTest(context: ContainerContext, values: readonly string[]): Test {
  const ancestors = new Map(values.map((value) => [value, imageNamed(context, value)]));
  return ({ imageId }, value) => {
    const ancestor = ancestors.get(value);
    const own = imageId === "" ? undefined : context.deps.images.get(imageId);
    return ancestor !== undefined && own !== undefined && descendsFrom(context, own, ancestor);
  };
}

function imageNamed({ deps }: ContainerContext, name: string): ImageRecord | undefined {
  try {
    return deps.images.resolve(name);
  } catch (error) {
    if (isEngineError(error)) return undefined;
    throw error;
  }
}

function descendsFrom({ deps }: ContainerContext, image: ImageRecord, { id, layers }: ImageRecord): boolean {
  for (let own: ImageRecord | undefined = image; own; own = own.parent && deps.images.get(own.parent)) {
    if (own.id === id) return true;
  }
  const { length } = layers;
  return length > 0 && image.layers.length > length && image.layers[length - 1]?.chainId === layers.at(-1)?.chainId;
}
