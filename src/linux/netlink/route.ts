import { constants } from "node:os";
import { EngineError, isEngineError } from "#core";
import { SyscallError } from "../libc.ts";
import { MessageWriter, parseAttributes, textOf, type NetlinkMessage } from "./message.ts";
import type { RouteSocket } from "./socket.ts";

const types = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  getAddress: 22,
  newRoute: 24,
} as const;
const flags = { replace: 0x100, exclusive: 0x200, create: 0x400 } as const;
const ifla = {
  address: 1,
  name: 3,
  mtu: 4,
  master: 10,
  linkInfo: 18,
  netNsFd: 28,
  kind: 1,
  data: 2,
  vethPeer: 1,
} as const;
const ifa = { address: 1, local: 2, broadcast: 4 } as const;
const rta = { outInterface: 4, gateway: 5 } as const;
const afInet = 2;
const iffUp = 1;

/** What the kernel says about an interface. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** `bridge`, `veth`, …; empty for real devices. */
  readonly kind: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly macAddress: string;
  /** Index of the bridge it belongs to; 0 without. */
  readonly master: number;
}

export interface BridgeOptions {
  readonly name: string;
  readonly macAddress: string;
  readonly mtu?: number;
}

/** Makes a bridge, down. @throws SyscallError `already_exists` */
export function addBridge(socket: RouteSocket, options: BridgeOptions): void {
  const body = linkBody().string(ifla.name, options.name).attribute(ifla.address, macBytes(options.macAddress));
  if (options.mtu !== undefined) body.u32(ifla.mtu, options.mtu);
  body.nested(ifla.linkInfo, (info) => info.string(ifla.kind, "bridge"));
  addLink(socket, body, options.name);
}

export interface VethOptions {
  /** Host end. */
  readonly name: string;
  /** Index of the bridge that the host end joins. */
  readonly master: number;
  readonly mtu?: number;
  /** Made inside another network namespace, with its final name. */
  readonly peer: { readonly name: string; readonly macAddress: string; readonly namespaceFd: number };
}

/** Makes a veth pair, both ends down (up would fail while the other end does not exist). */
export function addVeth(socket: RouteSocket, options: VethOptions): void {
  const { peer, mtu } = options;
  const body = linkBody().string(ifla.name, options.name).u32(ifla.master, options.master);
  if (mtu !== undefined) body.u32(ifla.mtu, mtu);
  body.nested(ifla.linkInfo, (info) => {
    info.string(ifla.kind, "veth").nested(ifla.data, (data) => {
      data.nested(ifla.vethPeer, (inner) => {
        inner.raw(linkStruct(0, 0)).string(ifla.name, peer.name).attribute(ifla.address, macBytes(peer.macAddress));
        inner.u32(ifla.netNsFd, peer.namespaceFd);
        if (mtu !== undefined) inner.u32(ifla.mtu, mtu);
      });
    });
  });
  addLink(socket, body, options.name);
}

function addLink(socket: RouteSocket, body: MessageWriter, name: string): void {
  const describe = `add link ${JSON.stringify(name)}`;
  socket.request({ type: types.newLink, flags: flags.create | flags.exclusive, body, describe });
}

export function setLinkUp(socket: RouteSocket, name: string): void {
  const body = new MessageWriter().raw(linkStruct(0, iffUp)).string(ifla.name, name);
  socket.request({ type: types.setLink, body, describe: `set link ${JSON.stringify(name)} up` });
}

/**
 * Lets a bridge send a packet back out of the port it came from. A container needs that to reach itself by a published
 * port when br_netfilter translates addresses inside the bridge.
 */
export function setHairpin(socket: RouteSocket, name: string): void {
  const [slaveKind, slaveData, mode] = [4, 5, 4];
  const body = linkBody().string(ifla.name, name);
  body.nested(ifla.linkInfo, (info) => info.string(slaveKind, "bridge").nested(slaveData, (data) => data.u8(mode, 1)));
  socket.request({ type: types.newLink, body, describe: `set hairpin mode of ${JSON.stringify(name)}` });
}

/** Removes an interface, and with one end of a veth pair the other. False when there is none of that name. */
export function deleteLink(socket: RouteSocket, name: string): boolean {
  const body = linkBody().string(ifla.name, name);
  const found = orUndefined(() => {
    socket.request({ type: types.delLink, body, describe: `delete link ${JSON.stringify(name)}` });
    return true;
  });
  return found === true;
}

export function getLink(socket: RouteSocket, name: string): Link | undefined {
  const body = linkBody().string(ifla.name, name);
  const describe = `get link ${JSON.stringify(name)}`;
  return orUndefined(() => socket.query({ type: types.getLink, body, describe }, { dump: false }).map(parseLink)[0]);
}

export function listLinks(socket: RouteSocket): Link[] {
  return socket.query({ type: types.getLink, body: linkBody(), describe: "list links" }, { dump: true }).map(parseLink);
}

function orUndefined<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof SyscallError && error.errno === constants.errno.ENODEV) return undefined;
    throw error;
  }
}

/** struct ifinfomsg: u8 family, u8 pad, u16 type, i32 index, u32 flags, u32 change. */
function parseLink(message: NetlinkMessage): Link {
  const { payload } = message;
  if (payload.length < 16) throw new EngineError("corrupt", `netlink link of ${payload.length} bytes`);
  const attributes = parseAttributes(payload.subarray(16));
  const info = attributes.get(ifla.linkInfo);
  const kind = info === undefined ? undefined : parseAttributes(info).get(ifla.kind);
  return {
    index: payload.readInt32LE(4),
    name: textOf(attributes.get(ifla.name) ?? Buffer.alloc(0)),
    kind: kind === undefined ? "" : textOf(kind),
    up: (payload.readUInt32LE(8) & iffUp) !== 0,
    mtu: attributes.get(ifla.mtu)?.readUInt32LE(0) ?? 0,
    macAddress: [...(attributes.get(ifla.address) ?? [])].map((byte) => byte.toString(16).padStart(2, "0")).join(":"),
    master: attributes.get(ifla.master)?.readUInt32LE(0) ?? 0,
  };
}

function linkStruct(index: number, flagsOn: number): Buffer {
  const struct = Buffer.alloc(16);
  struct.writeInt32LE(index, 4);
  struct.writeUInt32LE(flagsOn, 8);
  struct.writeUInt32LE(flagsOn, 12);
  return struct;
}

function linkBody(): MessageWriter {
  return new MessageWriter().raw(linkStruct(0, 0));
}

export interface AddressOptions {
  readonly index: number;
  /** `172.17.0.2` */
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast: string;
}

/** Gives an interface an IPv4 address; one that it has already is left. */
export function setAddress(socket: RouteSocket, options: AddressOptions): void {
  const head = Buffer.from([afInet, options.prefixLength, 0, 0, 0, 0, 0, 0]); // ifaddrmsg
  head.writeUInt32LE(options.index, 4);
  const body = new MessageWriter().raw(head);
  body.attribute(ifa.local, ipBytes(options.address)).attribute(ifa.address, ipBytes(options.address));
  body.attribute(ifa.broadcast, ipBytes(options.broadcast));
  const describe = `add address ${options.address}/${options.prefixLength}`;
  socket.request({ type: types.newAddress, flags: flags.create | flags.replace, body, describe });
}

/** Default IPv4 route. False when there is one already, which stays. */
export function addDefaultRoute(
  socket: RouteSocket,
  options: { readonly index: number; readonly gateway: string },
): boolean {
  const [mainTable, boot, universe, unicast] = [254, 3, 0, 1];
  const head = Buffer.from([afInet, 0, 0, 0, mainTable, boot, universe, unicast, 0, 0, 0, 0]); // rtmsg
  const body = new MessageWriter()
    .raw(head)
    .attribute(rta.gateway, ipBytes(options.gateway))
    .u32(rta.outInterface, options.index);
  try {
    const describe = `add default route by ${options.gateway}`;
    socket.request({ type: types.newRoute, flags: flags.create | flags.exclusive, body, describe });
    return true;
  } catch (error) {
    if (isEngineError(error, "already_exists")) return false;
    throw error;
  }
}

function ipBytes(address: string): Buffer {
  return addressBytes(
    address,
    address.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN)),
    4,
  );
}

function macBytes(address: string): Buffer {
  const parts = address.split(":");
  return addressBytes(
    address,
    parts.map((part) => (/^[0-9a-fA-F]{1,2}$/.test(part) ? Number.parseInt(part, 16) : Number.NaN)),
    6,
  );
}

function addressBytes(text: string, values: readonly number[], count: number): Buffer {
  if (values.length !== count || values.some((value) => !(value <= 255))) {
    throw new EngineError("invalid", `invalid address ${JSON.stringify(text)}`);
  }
  return Buffer.from(values);
}
