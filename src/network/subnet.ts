import { EngineError } from "#core";

/** An IPv4 network; addresses are unsigned 32-bit numbers. */
export interface Subnet {
  readonly network: number;
  readonly broadcast: number;
  readonly prefixLength: number;
}

/** `172.17.0.0/16`; host bits are cleared. @throws EngineError `invalid` */
export function parseSubnet(text: string): Subnet {
  const [address = "", length = "", ...rest] = text.split("/");
  const prefixLength = /^\d{1,2}$/.test(length) ? Number(length) : Number.NaN;
  if (rest.length > 0 || !(prefixLength >= 1 && prefixLength <= 30)) {
    throw new EngineError("invalid", `invalid subnet ${JSON.stringify(text)}`);
  }
  const size = 2 ** (32 - prefixLength);
  const network = Math.floor(parseIpv4(address) / size) * size;
  return { network, broadcast: network + size - 1, prefixLength };
}

/** @throws EngineError `invalid` */
export function parseIpv4(text: string): number {
  const parts = text.split(".");
  const valid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  if (!valid) throw new EngineError("invalid", `invalid IPv4 address ${JSON.stringify(text)}`);
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** Docker's rule: `02:42:` and the address, so that an address always has the same MAC. */
export function macOfIpv4(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["02", "42", ...bytes].join(":");
}

export function containsAddress(subnet: Subnet, address: number): boolean {
  return address > subnet.network && address < subnet.broadcast;
}
