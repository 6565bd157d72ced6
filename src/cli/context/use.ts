import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { errorCode } from "#term";
import { command } from "../framework/command.ts";
import { requireContext } from "./store.ts";

export const use = command({
  usage: "CONTEXT",
  args: [1, 1],
  flags: {},
  async run(context, { args: [name = ""] }) {
    const { configDirectory, env } = context;
    if (name !== "default") requireContext(configDirectory, name);
    setCurrentContext(configDirectory, name === "default" ? undefined : name);
    context.stdout.write(`${name}\n`);
    const variable = env["LIGHTER_HOST"] ? "LIGHTER_HOST" : env["DOCKER_HOST"] ? "DOCKER_HOST" : undefined;
    if (name !== "default" && variable !== undefined) {
      context.stderr.write(
        `Warning: ${variable} environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset ${variable} environment variable.\n`,
      );
    }
    context.stderr.write(`Current context is now "${name}"\n`);
  },
});

/** Rewrites config.json by way of a file beside it; unknown keys and a symlink are kept. */
function setCurrentContext(directory: string, name: string | undefined): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = realPath(`${directory}/config.json`);
  const config = JSON.parse(readText(path) || "{}") as Record<string, unknown>;
  if (name === undefined) delete config["currentContext"];
  else config["currentContext"] = name;
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(config, null, "\t")}`, { mode: 0o600 });
  renameSync(fresh, path);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw error;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}
