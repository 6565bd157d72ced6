/** Given without a declaration; kept out of history and cache unless declared. */
const proxyNames = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
const builtin: ReadonlySet<string> = new Set(proxyNames.flatMap((name) => [name, name.toLowerCase()]));

type Given = Readonly<Record<string, string | null>>;

/**
 * Values of ARG in one stage. `--build-arg` beats the stage's default, that beats the global default.
 * A name counts only from its declaration on.
 */
export class BuildArgs {
  readonly #given: Given;
  readonly #globals: Map<string, string | undefined>;
  readonly #platform: ReadonlyMap<string, string>;
  readonly #declared: Map<string, string | undefined>;
  readonly #used: Set<string>;

  constructor(
    given: Given,
    platform: ReadonlyMap<string, string>,
    from?: {
      readonly globals: Map<string, string | undefined>;
      readonly used: Set<string>;
      readonly declared: ReadonlyMap<string, string | undefined>;
    },
  ) {
    this.#given = given;
    this.#platform = platform;
    this.#globals = from?.globals ?? new Map<string, string | undefined>();
    this.#used = from?.used ?? new Set();
    this.#declared = new Map(from?.declared);
  }

  /** For a new stage; one that is built from an earlier stage inherits that stage's declarations. */
  forStage(base: BuildArgs | undefined): BuildArgs {
    const declared = base === undefined ? new Map<string, string | undefined>() : base.#declared;
    return new BuildArgs(this.#given, this.#platform, { globals: this.#globals, used: this.#used, declared });
  }

  /** An ARG before the first FROM. */
  declareGlobal(name: string, value: string | undefined): void {
    this.#used.add(name);
    this.#globals.set(name, this.#override(name) ?? value);
  }

  declare(name: string, value: string | undefined): void {
    this.#used.add(name);
    this.#declared.set(name, this.#override(name) ?? value ?? this.#globals.get(name) ?? this.#platform.get(name));
  }

  /** What FROM lines see. */
  global(name: string): string | undefined {
    return this.#globals.has(name) ? this.#globals.get(name) : this.#platform.get(name);
  }

  /** What instructions of the stage see, behind its environment. */
  get(name: string): string | undefined {
    return this.#declared.get(name) ?? (builtin.has(name) ? this.#override(name) : undefined);
  }

  /** `NAME=value` for a RUN, sorted; names of the image's environment are left out. */
  environment(env: readonly string[]): string[] {
    const names = [...this.#declared.keys(), ...Object.keys(this.#given).filter((name) => builtin.has(name))];
    return this.#pairs(new Set(names), env);
  }

  /** The part of {@link environment} that history and cache show. */
  visible(env: readonly string[]): string[] {
    return this.#pairs(new Set(this.#declared.keys()), env);
  }

  /** Given and declared nowhere; sorted. */
  unused(): string[] {
    return Object.keys(this.#given)
      .filter((name) => !this.#used.has(name) && !builtin.has(name))
      .toSorted();
  }

  #override(name: string): string | undefined {
    return Object.hasOwn(this.#given, name) ? (this.#given[name] ?? undefined) : undefined;
  }

  #pairs(names: ReadonlySet<string>, env: readonly string[]): string[] {
    const taken = new Set(env.map((pair) => pair.split("=", 1)[0]));
    return [...names]
      .filter((name) => !taken.has(name) && this.get(name) !== undefined)
      .map((name) => `${name}=${this.get(name)}`)
      .toSorted();
  }
}
