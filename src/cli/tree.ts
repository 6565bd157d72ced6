import type { Command } from "./framework/command.ts";

/** A command or a group of commands. A command's file is loaded when it is run or its help is asked for. */
export interface CommandNode {
  readonly name: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly load?: () => Promise<Command>;
  readonly children?: readonly CommandNode[];
  /** Also at the top: as itself, or under this name. */
  readonly top?: string;
  readonly hidden?: boolean;
}

const container: CommandNode = {
  name: "container",
  summary: "Containers",
  children: [
    {
      name: "attach",
      top: "attach",
      summary: "Connect the terminal to a running container",
      load: async () => (await import("./container/attach.ts")).attach,
    },
    {
      name: "commit",
      top: "commit",
      summary: "Make an image of a container's files",
      load: async () => (await import("./container/commit.ts")).commit,
    },
    {
      name: "cp",
      top: "cp",
      summary: "Copy files between a container and the host",
      load: async () => (await import("./container/cp.ts")).cp,
    },
    {
      name: "create",
      top: "create",
      summary: "Make a container without starting it",
      load: async () => (await import("./container/create.ts")).create,
    },
    {
      name: "diff",
      top: "diff",
      summary: "Show which files a container changed",
      load: async () => (await import("./container/diff.ts")).diff,
    },
    {
      name: "exec",
      top: "exec",
      summary: "Run a further command in a running container",
      load: async () => (await import("./container/exec.ts")).exec,
    },
    {
      name: "export",
      top: "export",
      summary: "Write a container's file system as a tar",
      load: async () => (await import("./container/export.ts")).exportCommand,
    },
    {
      name: "inspect",
      summary: "Show all about containers as JSON",
      load: async () => (await import("./container/inspect.ts")).inspect,
    },
    {
      name: "kill",
      top: "kill",
      summary: "Send a signal (KILL) to containers",
      load: async () => (await import("./container/kill.ts")).kill,
    },
    {
      name: "logs",
      top: "logs",
      summary: "Show what a container has written",
      load: async () => (await import("./container/logs.ts")).logs,
    },
    {
      name: "ls",
      top: "ps",
      aliases: ["list", "ps"],
      summary: "List containers",
      load: async () => (await import("./container/ls.ts")).ls,
    },
    {
      name: "pause",
      top: "pause",
      summary: "Freeze all processes of containers",
      load: async () => (await import("./container/pause.ts")).pause,
    },
    {
      name: "port",
      top: "port",
      summary: "Show which ports of a container are published",
      load: async () => (await import("./container/port.ts")).port,
    },
    {
      name: "prune",
      summary: "Remove all stopped containers",
      load: async () => (await import("./container/prune.ts")).containerPrune,
    },
    {
      name: "rename",
      top: "rename",
      summary: "Give a container another name",
      load: async () => (await import("./container/rename.ts")).rename,
    },
    {
      name: "restart",
      top: "restart",
      summary: "Stop and start containers",
      load: async () => (await import("./container/restart.ts")).restart,
    },
    {
      name: "rm",
      top: "rm",
      aliases: ["remove"],
      summary: "Remove containers",
      load: async () => (await import("./container/rm.ts")).rm,
    },
    {
      name: "run",
      top: "run",
      summary: "Make a container of an image and run it",
      load: async () => (await import("./container/run.ts")).run,
    },
    {
      name: "start",
      top: "start",
      summary: "Start stopped containers",
      load: async () => (await import("./container/start.ts")).start,
    },
    {
      name: "stats",
      top: "stats",
      summary: "Show what containers use, live",
      load: async () => (await import("./container/stats.ts")).stats,
    },
    {
      name: "stop",
      top: "stop",
      summary: "Stop running containers",
      load: async () => (await import("./container/stop.ts")).stop,
    },
    {
      name: "top",
      top: "top",
      summary: "Show the processes of a container",
      load: async () => (await import("./container/top.ts")).top,
    },
    {
      name: "update",
      top: "update",
      summary: "Change limits of containers",
      load: async () => (await import("./container/update.ts")).update,
    },
    {
      name: "unpause",
      top: "unpause",
      summary: "Let frozen containers go on",
      load: async () => (await import("./container/unpause.ts")).unpause,
    },
    {
      name: "wait",
      top: "wait",
      summary: "Wait until containers end and show their exit codes",
      load: async () => (await import("./container/wait.ts")).wait,
    },
  ],
};

const image: CommandNode = {
  name: "image",
  summary: "Images",
  children: [
    {
      name: "bootstrap",
      summary: "Make a base image from the host's own packages",
      load: async () => (await import("./image/bootstrap.ts")).bootstrap,
    },
    {
      name: "build",
      top: "build",
      summary: "Build an image from a Dockerfile",
      load: async () => (await import("./image/build.ts")).build,
    },
    {
      name: "history",
      top: "history",
      summary: "Show how an image was made",
      load: async () => (await import("./image/history.ts")).history,
    },
    {
      name: "import",
      top: "import",
      summary: "Make an image of a tar of a file system",
      load: async () => (await import("./image/import.ts")).importCommand,
    },
    {
      name: "inspect",
      summary: "Show all about images as JSON",
      load: async () => (await import("./image/inspect.ts")).inspect,
    },
    {
      name: "load",
      top: "load",
      summary: "Load images from a tar that save wrote",
      load: async () => (await import("./image/load.ts")).load,
    },
    {
      name: "ls",
      top: "images",
      aliases: ["list"],
      summary: "List images",
      load: async () => (await import("./image/ls.ts")).ls,
    },
    {
      name: "prune",
      summary: "Remove images that nothing uses",
      load: async () => (await import("./image/prune.ts")).imagePrune,
    },
    {
      name: "rm",
      top: "rmi",
      aliases: ["remove"],
      summary: "Remove images",
      load: async () => (await import("./image/rm.ts")).rm,
    },
    {
      name: "save",
      top: "save",
      summary: "Write images into one tar",
      load: async () => (await import("./image/save.ts")).save,
    },
    {
      name: "tag",
      top: "tag",
      summary: "Give an image a further name",
      load: async () => (await import("./image/tag.ts")).tag,
    },
  ],
};

const network: CommandNode = {
  name: "network",
  summary: "Networks",
  children: [
    {
      name: "connect",
      summary: "Connect a container to a network",
      load: async () => (await import("./network/connect.ts")).connect,
    },
    { name: "create", summary: "Make a network", load: async () => (await import("./network/create.ts")).create },
    {
      name: "disconnect",
      summary: "Disconnect a container from a network",
      load: async () => (await import("./network/disconnect.ts")).disconnect,
    },
    {
      name: "inspect",
      summary: "Show all about networks as JSON",
      load: async () => (await import("./network/inspect.ts")).inspect,
    },
    { name: "ls", aliases: ["list"], summary: "List networks", load: async () => (await import("./network/ls.ts")).ls },

    {
      name: "prune",
      summary: "Remove networks that nothing uses",
      load: async () => (await import("./network/prune.ts")).networkPrune,
    },
    {
      name: "rm",
      aliases: ["remove"],
      summary: "Remove networks",
      load: async () => (await import("./network/rm.ts")).rm,
    },
  ],
};

const system: CommandNode = {
  name: "system",
  summary: "The engine as a whole",
  children: [
    { name: "df", summary: "Show what takes how much disk", load: async () => (await import("./system/df.ts")).df },
    {
      name: "events",
      top: "events",
      summary: "Follow what happens in the engine",
      load: async () => (await import("./system/events.ts")).events,
    },
    {
      name: "info",
      top: "info",
      summary: "Show facts of the engine and its host",
      load: async () => (await import("./system/info.ts")).info,
    },
    {
      name: "prune",
      summary: "Remove what is not used",
      load: async () => (await import("./system/prune.ts")).systemPrune,
    },
  ],
};

const volume: CommandNode = {
  name: "volume",
  summary: "Volumes",
  children: [
    { name: "create", summary: "Make a volume", load: async () => (await import("./volume/create.ts")).create },
    {
      name: "inspect",
      summary: "Show all about volumes as JSON",
      load: async () => (await import("./volume/inspect.ts")).inspect,
    },
    { name: "ls", aliases: ["list"], summary: "List volumes", load: async () => (await import("./volume/ls.ts")).ls },
    {
      name: "prune",
      summary: "Remove volumes that nothing uses",
      load: async () => (await import("./volume/prune.ts")).volumePrune,
    },
    {
      name: "rm",
      aliases: ["remove"],
      summary: "Remove volumes",
      load: async () => (await import("./volume/rm.ts")).rm,
    },
  ],
};

const context: CommandNode = {
  name: "context",
  summary: "Contexts: named engines to talk to",
  children: [
    { name: "create", summary: "Make a context", load: async () => (await import("./context/create.ts")).create },
    {
      name: "inspect",
      summary: "Show all about contexts as JSON",
      load: async () => (await import("./context/inspect.ts")).inspect,
    },
    { name: "ls", aliases: ["list"], summary: "List contexts", load: async () => (await import("./context/ls.ts")).ls },
    {
      name: "rm",
      aliases: ["remove"],
      summary: "Remove contexts",
      load: async () => (await import("./context/rm.ts")).rm,
    },
    {
      name: "show",
      summary: "Print the name of the context in use",
      load: async () => (await import("./context/show.ts")).show,
    },
    {
      name: "use",
      summary: "Choose the context to use from now on",
      load: async () => (await import("./context/use.ts")).use,
    },
  ],
};

const alone: readonly CommandNode[] = [
  {
    name: "completion",
    summary: "Print a completion script for bash, zsh or fish",
    load: async () => (await import("./system/completion.ts")).completion,
  },
  {
    name: "inspect",
    summary: "Show all about containers, images, volumes and networks as JSON",
    load: async () => (await import("./system/inspect.ts")).inspect,
  },
  {
    name: "version",
    summary: "Show the versions of client and engine",
    load: async () => (await import("./system/version.ts")).version,
  },
  // Not a command of the client: `main.ts` starts it. Listed so that help names it.
  { name: "daemon", summary: "Run the engine (see 'lighter daemon --help')" },
];

export const groups: readonly CommandNode[] = [container, context, image, network, system, volume];

/** Commands that help shows first. */
export const commonNames: readonly string[] = ["run", "exec", "ps", "build", "images", "version", "info"];

/** A resolved command: its node and every way to write it. */
export interface Found {
  readonly node: CommandNode;
  /** Words as they were written, without the program's name. */
  readonly path: readonly string[];
  readonly spellings: readonly string[];
}

/** The commands one can write without a group. */
export function topNodes(): readonly CommandNode[] {
  const raised = groups.flatMap((group) => (group.children ?? []).filter((node) => node.top !== undefined));
  return [...raised.map((node) => ({ ...node, name: node.top ?? node.name })), ...alone].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

/** Finds the node that the words name; `rest` are the words behind it. Undefined: the first word is no command. */
export function findCommand(words: readonly string[]): (Found & { readonly rest: readonly string[] }) | undefined {
  const [first = "", second] = words;
  const group = groups.find(({ name }) => name === first);
  if (group) {
    const child =
      second === undefined
        ? undefined
        : group.children?.find((node) => node.name === second || node.aliases?.includes(second));
    if (!child) return { node: group, path: [first], spellings: [], rest: words.slice(1) };
    return { node: child, path: [first, second ?? ""], spellings: spellingsOf(group, child), rest: words.slice(2) };
  }
  const lone = alone.find(({ name }) => name === first);
  if (lone) return { node: lone, path: [first], spellings: [], rest: words.slice(1) };
  for (const parent of groups) {
    const child = parent.children?.find((node) => node.top === first);
    if (child) return { node: child, path: [first], spellings: spellingsOf(parent, child), rest: words.slice(1) };
  }
  return undefined;
}

function spellingsOf(group: CommandNode, node: CommandNode): readonly string[] {
  const names = [node.name, ...(node.aliases ?? [])].map((name) => `lighter ${group.name} ${name}`);
  return node.top === undefined ? names : [...names, `lighter ${node.top}`];
}
