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
      const key = wanted.includes("/") ? wanted : `${wanted}/tcp`;
      if (!/^\d+$/.test(key.split("/")[0] ?? "")) throw new CliError(`invalid port '${wanted}': invalid syntax`);
      const bindings = NetworkSettings.Ports[key];
      if (!bindings || bindings.length === 0)
        throw new CliError(`Error: No public port '${key}' published for ${container}`);
      lines.push(...bindings.map(address));
    } else {
      for (const [key, bindings] of Object.entries(NetworkSettings.Ports))
        lines.push(...(bindings ?? []).map((binding) => `${key} -> ${address(binding)}`));
      lines.sort(naturalOrder);
    }
    for (const line of lines) context.stdout.write(`${line}\n`);
  },
});

function address({ HostIp = "", HostPort = "" }: PortBinding): string {
  return HostIp.includes(":") ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
}
