import { command, type Context } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";
import { requireContext } from "./store.ts";

export const inspect = command({
  usage: "[OPTIONS] [CONTEXT] [CONTEXT...]",
  args: [0, Infinity],
  flags: { format: inspectFormat() },
  run: (context, { flags, args }) =>
    inspectEach(context, args.length === 0 ? [context.contextName] : args, flags.format, async (name) =>
      describe(context, name),
    ),
});

function describe(context: Context, name: string): unknown {
  if (name === "default") {
    return {
      Name: name,
      Metadata: {},
      Endpoints: { docker: { Host: context.host, SkipTLSVerify: false } },
      TLSMaterial: {},
      Storage: { MetadataPath: "<IN MEMORY>", TLSPath: "<IN MEMORY>" },
    };
  }
  const directory = `${context.configDirectory}/contexts`;
  return {
    ...requireContext(context.configDirectory, name),
    TLSMaterial: {},
    Storage: { MetadataPath: `${directory}/meta`, TLSPath: `${directory}/tls` },
  };
}
