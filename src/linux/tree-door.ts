/** What the door shows of file trees: roots nothing can leave, names as bytes, the `…at` calls, removal. */
export { TreeRoot, type MakeParents } from "./tree.ts";
export * from "./tree-calls.ts";
export { openRegularAt } from "./tree-open.ts";
export { decodeName, encodeName } from "./tree-names.ts";
export { cleanPath, splitPath, type SplitPath } from "./tree-path.ts";
export { listDirectory, removeTree, removeTreeAt } from "./tree-remove.ts";
export { isDirectory, isSymlink, isWhiteout, statAt, statDescriptor, type TreeStat } from "./tree-stat.ts";
export { readXattrsAt, readXattrsDescriptor, readXattrsFile, setXattrAt, setXattrDescriptor } from "./tree-xattr.ts";
export { hostDecompress } from "./filter.ts";
export { syncFsAsync } from "./tree-sync.ts";
