/**
 * snapshot/overlay: snapshots as directories that overlayfs stacks.
 *
 * `<root>/<id>/fs` holds one layer's own files (whiteouts as character devices 0:0), `<root>/<id>/work` is overlayfs's.
 * A row and its directory come into being in one transaction: a crash leaves at most a directory without a row, which
 * `reconcile` removes.
 */
export { createMounter } from "./mounter.ts";
export { openOverlay, openOverlay as openOverlaySnapshotter, type OverlayOptions } from "./snapshotter.ts";
