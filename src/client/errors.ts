import { formatEndpoint, type Endpoint } from "./endpoint.ts";

/** The daemon answered with an error status; `message` is its text. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The daemon could not be reached, or went away in the middle of an answer. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** Docker's well-known sentence first (clients match on it), then how to start ours. */
export function unreachable(endpoint: Endpoint, cause: unknown): ConnectionError {
  const where = formatEndpoint(endpoint);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text =
    code === "EACCES" || code === "EPERM"
      ? `permission denied while trying to connect to the Docker daemon socket at ${where}`
      : `Cannot connect to the Docker daemon at ${where}. Is the docker daemon running?\nlighter's own is started with 'lighter daemon'`;
  return new ConnectionError(text, { cause });
}

/** The error that an answer carries: Docker's `{"message": …}`, or its text. */
export function answerError(status: number, body: string): ApiError {
  return new ApiError(status, messageOf(body.trim()) || `request returned status ${status}`);
}

function messageOf(text: string): string {
  if (!text.startsWith("{")) return text;
  try {
    const parsed = JSON.parse(text) as { readonly message?: unknown };
    return typeof parsed.message === "string" ? parsed.message : text;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
