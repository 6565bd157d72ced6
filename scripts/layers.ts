/**
 * The architecture as data: which folder of `src/` may import which, and which folder holds which power.
 * `check-layers.ts` enforces it; `docs/architecture.md` explains it. To change a line here is to change the design: write an ADR.
 */

/** Folders of `src/` (and `main`, the file) with the doors each may import. `"*"` means every door and sub-door. */
export const layers: Readonly<Record<string, readonly string[] | "*">> = {
  core: [],
  spec: ["core"],
  linux: ["core"],
  archive: ["core", "linux"], // docs/adr/002: openat2, xattrs, mknod
  store: ["core"],
  content: ["core", "spec", "store"],
  snapshot: ["core", "linux", "store"],
  volume: ["core", "spec", "linux", "store"],
  network: ["core", "spec", "linux", "store"],
  runtime: ["core", "spec", "linux", "store"],
  image: ["core", "spec", "archive", "store", "content", "snapshot"], // docs/adr/008: its rows, leases
  distribution: ["core", "spec", "image", "content"],
  registry: ["core", "spec", "store", "content"],
  build: ["core", "spec", "archive", "store", "content", "snapshot", "image", "distribution", "runtime"],
  logging: ["core", "spec", "linux", "runtime", "term"], // docs/adr/018: what becomes of a log once conmon wrote it
  engine: [
    "core",
    "spec",
    "archive",
    "store",
    "content",
    "snapshot",
    "volume",
    "network",
    "runtime",
    "logging",
    "image",
    "distribution",
    "build",
  ],
  api: ["core", "spec", "engine"],
  client: ["core", "spec"],
  term: ["core"],
  cli: ["core", "spec", "archive", "client", "term"],
  web: ["core", "spec"],
  boot: "*",
  main: "*",
};

/** A thing only some folders may do. */
export interface Power {
  readonly name: string;
  /** Folders that hold it. */
  readonly folders: readonly string[];
  /**
   * Dotted names that use it: `module.export` for an import (`node:net.createServer`; `bun` counts as `Bun`),
   * or a global (`process.env`). A trailing `.*` means anything of that module.
   */
  readonly symbols: readonly string[];
}

export const powers: readonly Power[] = [
  { name: "foreign functions", folders: ["linux"], symbols: ["bun:ffi.*"] },
  {
    name: "starting processes",
    folders: ["runtime", "network", "linux", "cli", "boot"],
    symbols: ["Bun.spawn", "Bun.spawnSync", "Bun.$", "node:child_process.*"],
  },
  {
    name: "environment, arguments and exit",
    folders: ["main", "boot"],
    symbols: ["process.env", "Bun.env", "process.argv", "Bun.argv", "process.exit", "process.exitCode"],
  },
  {
    name: "listening",
    folders: ["boot"],
    symbols: [
      "Bun.serve",
      "Bun.listen",
      "node:http.createServer",
      "node:https.createServer",
      "node:http2.createServer",
      "node:net.createServer",
    ],
  },
  // engine: `import` of a URL, which is no registry.
  { name: "fetching", folders: ["distribution", "client", "build", "engine"], symbols: ["fetch"] },
  {
    name: "standard output",
    folders: ["term", "cli", "main", "boot"],
    symbols: ["console.*", "process.stdout", "process.stderr", "Bun.stdout", "Bun.stderr"],
  },
];

/** Physical lines of a hand-written file. */
export const maxFileLines = 500;
