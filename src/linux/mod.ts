/**
 * linux: what the kernel offers, as plain functions. The sole importer of `bun:ffi`.
 *
 * Every refused system call throws a {@link SyscallError} (an EngineError whose code follows from errno). Whatever holds a
 * descriptor, mount or lock is a Disposable. Calls are synchronous unless they return a promise; those that change the
 * calling thread (`unshare…`, `join…`) say what must follow.
 */
export { SyscallError } from "./libc.ts";
export { FileDescriptor } from "./descriptor.ts";
export {
  bindMount,
  mountFlags,
  mountFs,
  mountTmpfs,
  remountReadonly,
  unmount,
  type BindOptions,
  type MountOptions,
  type Propagation,
  type TmpfsOptions,
  type UnmountOptions,
} from "./mounts.ts";
export { attachMountTree, cloneMountTree, setTreePrivate, setTreeReadonly } from "./mount-tree.ts";
export { mountOverlay, type OverlayOptions } from "./overlay.ts";
export { bindIdmapped, checkIdmapped, cloneIdmapped, withIdmapped, type IdmappedBind } from "./idmap.ts";
export { openUserNamespace, type IdMappings, type IdRange, type UserNamespace } from "./user-namespace.ts";
export { withFileIdentity } from "./file-identity.ts";
export { execve, joinMountNamespace, unshareMountNamespace } from "./namespaces.ts";
export { isAlive, kill, openFiles, processStartTime, readProcessStat, type ProcessStat } from "./process.ts";
export { capabilityNames, readCapabilities, type Capabilities } from "./capabilities.ts";
export { clampRlimit, listRlimits, rlimitNumbers, type Rlimit, type RlimitName } from "./rlimits.ts";
export { flockExclusive } from "./lock.ts";
export { sealedCopy } from "./memfd.ts";
export { connectSeqpacket, sdNotify, sendUnixDatagram } from "./unix-socket.ts";
export { readHostFacts, type HostFacts } from "./host.ts";
export { diskUsage, statFs, type DiskUsage, type FileSystemFacts } from "./files.ts";
export { getXattr, listXattrs, setXattr } from "./xattr.ts";
export * from "./tree-door.ts";
export { detectCgroups, enableFavorDynmods, type CgroupLayout, type FavorDynmods } from "./cgroups.ts";
export { compileSeccompBpf, type SeccompArgument, type SeccompProfile, type SeccompRule } from "./seccomp.ts";
export {
  createNetworkNamespace,
  keepNetworkNamespace,
  inNetworkNamespace,
  isNetworkNamespace,
  openNetworkNamespace,
  removeNetworkNamespace,
  writeSysctlIfPresent,
  type NewNamespaceOptions,
  type OpenNamespace,
} from "./network-namespace.ts";
export { openRouteSocket, RouteSocket, type NetlinkRequest } from "./netlink/socket.ts";
export {
  addBridge,
  addDefaultRoute,
  addVeth,
  deleteLink,
  getLink,
  listLinks,
  setAddress,
  setHairpin,
  setLinkUp,
  type AddressOptions,
  type BridgeOptions,
  type Link,
  type VethOptions,
} from "./netlink/route.ts";
export { connectTcp, TcpSocket } from "./tcp-socket.ts";
export { probePort, type PortProbe } from "./port-probe.ts";
export { releaseProgramText } from "./program-pages.ts";
