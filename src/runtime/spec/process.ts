import type { OciProcess } from "#spec";

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** For HOME where the environment has none. */
  readonly home?: string;
}

export interface ProcessRequest {
  readonly args: readonly string[];
  /** Later entries win. */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ProcessUser;
  readonly tty: boolean;
  /** Height, width; zeros mean not known. */
  readonly consoleSize?: readonly [number, number] | undefined;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly hostname?: string | undefined;
  readonly apparmorProfile?: string | undefined;
  readonly oomScoreAdj?: number | undefined;
  readonly rlimits?: OciProcess["rlimits"] | undefined;
}

/** Docker's process: PATH, HOSTNAME, TERM and HOME unless given; capabilities that do not survive a change of user. */
export function createProcess(request: ProcessRequest): OciProcess {
  const { user, consoleSize } = request;
  const [height = 0, width = 0] = consoleSize ?? [];
  return {
    terminal: request.tty,
    ...(request.tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: {
      uid: user.uid,
      gid: user.gid,
      ...(user.additionalGids.length === 0 ? {} : { additionalGids: user.additionalGids }),
    },
    args: request.args,
    env: environment(request),
    cwd: request.cwd === "" ? "/" : request.cwd,
    capabilities: capabilitySets(request.capabilities, user.uid),
    noNewPrivileges: request.noNewPrivileges,
    ...(request.apparmorProfile === undefined ? {} : { apparmorProfile: request.apparmorProfile }),
    ...(request.oomScoreAdj === undefined ? {} : { oomScoreAdj: request.oomScoreAdj }),
    ...(request.rlimits === undefined || request.rlimits.length === 0 ? {} : { rlimits: request.rlimits }),
  };
}

/** A user other than root gets none at exec(2) anyhow; Docker says so in the spec. Ambient and inheritable stay empty. */
function capabilitySets(names: readonly string[], uid: number): NonNullable<OciProcess["capabilities"]> {
  const held = uid === 0 ? names : [];
  return { bounding: names, effective: held, permitted: held, inheritable: [], ambient: [] };
}

function environment(request: ProcessRequest): string[] {
  const defaults = [
    defaultPath,
    ...(request.hostname === undefined || request.hostname === "" ? [] : [`HOSTNAME=${request.hostname}`]),
    ...(request.tty ? ["TERM=xterm"] : []),
  ];
  const variables = new Map<string, string>();
  for (const entry of [...defaults, ...request.env]) {
    const name = entry.split("=", 1)[0] ?? entry;
    // A name alone takes the variable away.
    if (entry.includes("=")) variables.set(name, entry);
    else variables.delete(name);
  }
  if (!variables.has("HOME"))
    variables.set("HOME", `HOME=${request.user.home ?? (request.user.uid === 0 ? "/root" : "/")}`);
  return [...variables.values()];
}
