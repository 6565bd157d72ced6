/** Query of `POST /build`, parsed. */
export interface BuildOptions {
  readonly dockerfile: string;
  readonly tags: readonly string[];
  readonly remote: string;
  readonly quiet: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly rm: boolean;
  readonly forceRm: boolean;
  /** Null: take no value (Docker's `--build-arg X` without X in the environment). */
  readonly buildArgs: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string;
  readonly platform: string;
  readonly networkMode: string;
  readonly extraHosts: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly shmSize: number;
  readonly memory: number;
  readonly memorySwap: number;
  readonly cpuShares: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly cgroupParent: string;
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly squash: boolean;
}
