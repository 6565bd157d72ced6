/** A network to connect to, as `--network` names it: by its name, or in fields. */
export interface Attachment {
  name: string;
  readonly aliases: string[];
  ip?: string;
  ip6?: string;
  mac?: string;
  gatewayPriority?: number;
  readonly linkLocal: string[];
  readonly options: string[];
}

/** Reads `NAME` or `name=NAME,alias=…,ip=…`. @throws Error with Docker's text */
export function parseNetwork(text: string): Attachment {
  const attachment: Attachment = { name: "", aliases: [], linkLocal: [], options: [] };
  if (!/^[a-z0-9-]+=/.test(text)) return { ...attachment, name: text };
  for (const field of text.split(",")) {
    const at = field.indexOf("=");
    if (at < 0) throw new Error(`invalid field ${field}`);
    setField(attachment, field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim());
  }
  if (attachment.name === "") throw new Error("network name/id is not specified");
  return attachment;
}

function setField(attachment: Attachment, key: string, value: string): void {
  if (key === "name") attachment.name = value;
  else if (key === "alias") attachment.aliases.push(value.toLowerCase());
  else if (key === "ip") attachment.ip = value;
  else if (key === "ip6") attachment.ip6 = value;
  else if (key === "mac-address") attachment.mac = value;
  else if (key === "link-local-ip") attachment.linkLocal.push(value);
  else if (key === "driver-opt") attachment.options.push(driverOption(value));
  else if (key === "gw-priority") attachment.gatewayPriority = priority(value);
  else throw new Error(`invalid field key ${key}`);
}

function driverOption(text: string): string {
  const [key = "", value] = text.split("=", 2);
  if (key.trim() === "" || value === undefined) throw new Error("invalid key value pair format in driver options");
  return `${key.trim().toLowerCase()}=${text
    .slice(text.indexOf("=") + 1)
    .trim()
    .toLowerCase()}`;
}

function priority(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`invalid gw-priority (${text}): invalid syntax`);
  return Number(text);
}
