import { EngineError } from "#core";
import type { Filters } from "../contract.ts";
import { matchesLabel } from "../labels.ts";
import type { ContainerContext } from "./context.ts";
import { compilePattern, type LinearPattern } from "./linear-pattern.ts";
import type { ContainerRecord } from "./record.ts";

type Test = (record: ContainerRecord, value: string) => boolean;

const statuses = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

const healths = ["none", "starting", "healthy", "unhealthy"];

/** True for a record that holds under every key; values of one key are alternatives, labels must all hold. */
export function matchesFilters(context: ContainerContext, filters: Filters): (record: ContainerRecord) => boolean {
  for (const status of filters.get("status") ?? []) {
    if (!statuses.includes(status))
      throw new EngineError(
        "invalid",
        `invalid filter 'status=${status}': invalid value for state (${status}): must be one of ${statuses.join(", ")}`,
      );
  }
  for (const health of filters.get("health") ?? []) {
    if (!healths.includes(health))
      throw new EngineError(
        "invalid",
        `invalid filter 'health=${health}': invalid value for health (${health}): must be one of ${healths.join(", ")}`,
      );
  }
  for (const code of filters.get("exited") ?? []) {
    if (!/^[+-]?\d+$/.test(code))
      throw new EngineError("invalid", `invalid filter 'exited=${code}': ${notNumber("Atoi", code)}`);
  }
  for (const key of ["expose", "publish"]) {
    for (const port of filters.get(key) ?? []) checkPort(key, port);
  }
  const tests = [...filters].map(([key, values]) => {
    const test = createTest(context, key);
    return (record: ContainerRecord): boolean =>
      key === "label" ? values.every((value) => test(record, value)) : values.some((value) => test(record, value));
  });
  return (record) => tests.every((test) => test(record));
}

function createTest(context: ContainerContext, key: string): Test {
  switch (key) {
    case "ancestor":
      return (record, value) => ancestorsOf(context, record).has(value) || descendsFrom(context, record, value);
    case "before":
      return (record, value) => BigInt(record.createdNs) < BigInt(context.registry.find(value).createdNs);
    case "since":
      return (record, value) => BigInt(record.createdNs) > BigInt(context.registry.find(value).createdNs);
    case "name":
      return createNameTest();
    default:
      return plainTests[key] ?? (() => false);
  }
}

const plainTests: Readonly<Record<string, Test>> = {
  exited: ({ state }, value) => state.status === "exited" && state.exitCode === Number(value),
  status: ({ state }, value) => state.status === value,
  health: ({ state }, value) => (state.health?.Status ?? "none") === value,
  id: ({ id }, value) => id.startsWith(value),
  label: ({ config }, value) => matchesLabel(config.Labels ?? {}, value),
  network: ({ hostConfig, state }, value) =>
    hostConfig.NetworkMode === value ||
    state.endpoint?.networkName === value ||
    state.endpoint?.networkId.startsWith(value) === true,
  volume: ({ mounts }, value) =>
    mounts.some(({ Name, Source, Destination }) => [Name, Source, Destination].includes(value)),
  // Of containers that run, as in Docker.
  expose: ({ state }, value) => Object.keys(state.ports ?? {}).some((port) => inPorts(port, value)),
  publish: ({ state }, value) =>
    Object.entries(state.ports ?? {}).some(([port, bindings]) => (bindings ?? []).length > 0 && inPorts(port, value)),
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
  return `strconv.${parser}: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** `80`, `80/udp` or `8000-8010/tcp` against a port such as `80/tcp`. */
function inPorts(port: string, wanted: string): boolean {
  const [range = "", protocol = "tcp"] = wanted.split("/");
  const [number = "", ownProtocol = "tcp"] = port.split("/");
  const [first = "", last = first] = range.split("-");
  return protocol === ownProtocol && Number(number) >= Number(first) && Number(number) <= Number(last);
}

function ancestorsOf({ deps }: ContainerContext, { imageId, image }: ContainerRecord): Set<string> {
  if (imageId === "") return new Set([image]);
  const names = [image, imageId, ...deps.images.tags(imageId)];
  return new Set([...names, ...names.map((name) => name.replace(/:[^:/]+$/, ""))]);
}

/** Whether the image named is the container's, or its layers are the bottom of it. */
function descendsFrom({ deps }: ContainerContext, { imageId }: ContainerRecord, name: string): boolean {
  const own = imageId === "" ? undefined : deps.images.get(imageId);
  if (!own) return false;
  try {
    const ancestor = deps.images.resolve(name);
    return (
      ancestor.id === own.id ||
      (ancestor.layers.length > 0 &&
        own.layers[ancestor.layers.length - 1]?.chainId === ancestor.layers.at(-1)?.chainId)
    );
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}
