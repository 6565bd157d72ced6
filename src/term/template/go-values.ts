/** Nothing, of a type that Go knows: prints as its zero value, and is null in JSON. */
export class GoNil {
  /** `[]`, `map[]` or `<nil>`. */
  readonly text: string;
  /** `*container.Health`. */
  readonly typeName: string;

  constructor(text: string, typeName = "") {
    this.text = text;
    this.typeName = typeName;
  }

  toJSON(): null {
    return null;
  }
}

/** A struct: its fields are known by name and order, whatever the JSON left out. In JSON it is what it was made of. */
export class GoStruct {
  readonly typeName: string;
  readonly #raw: unknown;
  readonly #names: readonly string[];
  readonly #value: (name: string) => unknown;

  constructor(typeName: string, raw: unknown, names: readonly string[], value: (name: string) => unknown) {
    this.typeName = typeName;
    this.#raw = raw;
    this.#names = names;
    this.#value = value;
  }

  /** Undefined when it has no such field. */
  field(name: string): unknown {
    return this.#names.includes(name) ? this.#value(name) : undefined;
  }

  values(): readonly unknown[] {
    return this.#names.map((name) => this.#value(name));
  }

  toJSON(): unknown {
    return this.#raw;
  }
}

/** A value that writes its JSON itself, when it is asked for: some columns of a row cost milliseconds. */
export class JsonText {
  readonly #write: () => string;

  constructor(write: () => string) {
    this.#write = write;
  }

  get text(): string {
    return this.#write();
  }
}

const namedKeys = new WeakSet<object>();

/** A map whose keys are of a type of their own: a template cannot index it with a text. */
export function withNamedKeys<T extends object>(map: T): T {
  namedKeys.add(map);
  return map;
}

export function hasNamedKeys(map: object): boolean {
  return namedKeys.has(map);
}
