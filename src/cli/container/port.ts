import { inspectContainer } from "#client";
import type { PortBinding } from "#spec";
import { CliError, command } from "../framework/command.ts";
import { naturalOrder } from "../framework/natural-order.ts";

export const port = command({
  usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
  args: [1, 2],
  flags: {},
  async run(context, { args: [container = "", wanted] }) {
    const { NetworkSettings } = await inspectContainer(context.client, container);
    const lines: string[] = [];
    if (wanted !== undefined) {
      const [number = "", protocol = "tcp"] = wanted.split("/");
      checkNumber(number);
      const bindings = NetworkSettings.Ports[`${number}/${protocol}`];
      if (!bindings || bindings.length === 0)
        throw new CliError(`Error: No public port '${wanted}' published for ${container}`);
      lines.push(...bindings.map(address));
    } else {
      for (const [key, bindings] of Object.entries(NetworkSettings.Ports))
        lines.push(...(bindings ?? []).map((binding) => `${key} -> ${address(binding)}`));
      lines.sort(naturalOrder);
    }
    for (const line of lines) context.stdout.write(`${line}\n`);
  },
});

function checkNumber(text: string): void {
  const wrong = (reason: string): CliError =>
    new CliError(`Error: invalid port (${text}): strconv.ParseUint: parsing ${JSON.stringify(text)}: ${reason}`);
  if (!/^\d+$/.test(text)) throw wrong("invalid syntax");
  if (Number(text) > 65535) throw wrong("value out of range");
}

function address({ HostIp = "", HostPort = "" }: PortBinding): string {
  return HostIp.includes(":") ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
}
