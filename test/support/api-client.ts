/** The API as JSON, for tests that ask much and do not want to start a client program for each request. */
export interface ApiClient {
  /** Any answer, also a failure. @throws Gone when the daemon goes away before or during the answer */
  ask(method: string, path: string, body?: object | Blob): Promise<ApiAnswer>;
  /** @throws Error unless the answer is a success */
  call(method: string, path: string, body?: object | Blob): Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  /** Of a failure its message, otherwise the whole text. */
  readonly text: string;
  json<T>(): T;
}

/** The daemon went away. */
export class Gone extends Error {}

export function openApiClient(unix: string): ApiClient {
  const ask = (method: string, path: string, body?: object | Blob): Promise<ApiAnswer> =>
    request(unix, method, path, body);
  return {
    ask,
    async call(method, path, body) {
      const answer = await ask(method, path, body);
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer;
    },
  };
}

async function request(unix: string, method: string, path: string, body?: object | Blob): Promise<ApiAnswer> {
  try {
    const response = await fetch(`http://engine/v1.44${path}`, {
      unix,
      method,
      keepalive: false,
      ...(body !== undefined && { body: body instanceof Blob ? body : JSON.stringify(body) }),
      headers: { "content-type": body instanceof Blob ? "application/x-tar" : "application/json" },
    });
    const text = await response.text();
    return { status: response.status, text: textOf(response.status, text), json: <T>() => JSON.parse(text) as T };
  } catch (error) {
    throw new Gone(`${method} ${path}`, { cause: error });
  }
}

function textOf(status: number, text: string): string {
  return status >= 400 ? (JSON.parse(text) as { readonly message: string }).message : text;
}
