import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, command } from "../framework/command.ts";
import { string } from "../framework/flags.ts";
import {
  checkContextName,
  readContext,
  requireContext,
  writeContext,
  type StoredContext,
  type TlsFiles,
} from "./store.ts";

export const create = command({
  usage: "[OPTIONS] CONTEXT",
  args: [1, 1],
  flags: {
    description: string("Description of the context"),
    docker: string("Endpoint: host=…,ca=…,cert=…,key=…,skip-tls-verify=…", { valueName: "stringToString" }),
    from: string("Context to copy"),
  },
  async run(context, { flags, args: [name = ""] }) {
    const { configDirectory, cwd } = context;
    checkContextName(name);
    if (readContext(configDirectory, name)) throw new CliError(`context "${name}" already exists`);
    const base = flags.from === "" ? undefined : requireContext(configDirectory, flags.from);
    if (!base && flags.docker === "") throw new CliError("docker endpoint configuration is required");
    const { endpoint, files } =
      flags.docker === ""
        ? { endpoint: base?.Endpoints.docker ?? {}, files: {} }
        : parseEndpointFields(flags.docker, cwd);
    const description = flags.description || base?.Metadata.Description;
    const stored: StoredContext = {
      Name: name,
      Metadata: description ? { Description: description } : {},
      Endpoints: { docker: endpoint },
    };
    writeContext(configDirectory, stored, files);
    context.stdout.write(`${name}\n`);
    context.stderr.write(`Successfully created context "${name}"\n`);
  },
});

function parseEndpointFields(
  text: string,
  cwd: string,
): { endpoint: { Host: string; SkipTLSVerify: boolean }; files: TlsFiles } {
  const fields = Object.fromEntries(
    text.split(",").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  const known = new Set(["host", "ca", "cert", "key", "skip-tls-verify", "from"]);
  const unknown = Object.keys(fields).find((key) => !known.has(key));
  if (unknown !== undefined) throw new CliError(`unrecognized config key: ${unknown}`);
  const files = (["ca", "cert", "key"] as const)
    .filter((key) => fields[key])
    .map((key) => [key, readFileSync(resolve(cwd, fields[key] ?? ""), "utf8")]);
  return {
    endpoint: { Host: fields["host"] ?? "", SkipTLSVerify: fields["skip-tls-verify"] === "true" },
    files: Object.fromEntries(files) as TlsFiles,
  };
}
