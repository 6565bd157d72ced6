/**
 * The bridge driver: Linux bridge and veth pairs by rtnetlink, NAT and published ports by nftables maps.
 * Attaching costs one database commit and a handful of netlink calls (about 1 ms); only `ensure`, `remove` and
 * published ports start a process (`nft`).
 */
export { openBridgeDriver, type BridgeDriverOptions } from "./driver.ts";
