import { EngineError } from "#core";
import type { ContainerConfig, HostConfig } from "#spec";

/** Asks for a probe of the engine's own through clients that know only Docker's: `docker run --annotation io.lighter.health=…`. */
const name = "io.lighter.health";

/** `tcp://:8080` and `http://:8080/healthz` as a health check in place of any other. @throws EngineError `invalid` */
export function withHealthAnnotation(config: ContainerConfig, { Annotations }: HostConfig): ContainerConfig {
  const value = Annotations?.[name];
  if (value === undefined) return config;
  return { ...config, Healthcheck: { ...config.Healthcheck, Test: testOf(value) } };
}

function testOf(value: string): readonly string[] {
  if (value.startsWith("tcp://")) return ["TCP", value.slice("tcp://".length).replace(/^:/, "")];
  if (value.startsWith("http://")) return ["HTTP", value];
  throw new EngineError("invalid", `invalid annotation ${name}=${value}: it takes tcp://:PORT or http://:PORT/PATH`);
}
