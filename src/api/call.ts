import type { Clock } from "#core";
import type { Engine } from "#engine";
import type { ApiRequest } from "./request.ts";
import type { ApiVersionNumber } from "./version.ts";

/** One request on its way through a handler. */
export class Call {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly request: ApiRequest;
  /** The version the client speaks: answers follow it. */
  readonly version: ApiVersionNumber;
  readonly #params: readonly string[];
  readonly #queryText: string;
  #query: URLSearchParams | undefined;

  constructor(
    host: { readonly engine: Engine; readonly clock: Clock },
    request: ApiRequest,
    route: { readonly version: ApiVersionNumber; readonly params: readonly string[]; readonly query: string },
  ) {
    this.engine = host.engine;
    this.clock = host.clock;
    this.request = request;
    this.version = route.version;
    this.#params = route.params;
    this.#queryText = route.query;
  }

  /** The path's first parameter, decoded: a name or an id. */
  get name(): string {
    return this.#params[0] ?? "";
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#queryText));
  }

  /** The first value of a query parameter, or the empty text. */
  param(key: string): string {
    return this.#queryText === "" ? "" : (this.query.get(key) ?? "");
  }
}
