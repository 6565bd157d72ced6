/** api/testing: doubles of the engine, for tests of the API and of its server. */
import { AsyncQueue } from "#core";
import type { AttachSession, Engine, StreamFrame } from "#engine";

/** One call of a use case, as `containers.start`. */
export interface RecordedCall {
  readonly useCase: string;
  readonly args: readonly unknown[];
}

type Answers = { readonly [Group in keyof Engine]?: Partial<Engine[Group]> };

/**
 * For tests of the HTTP mapping only: an engine that writes down what it is asked and answers what the test says.
 * A use case without an answer returns undefined.
 */
export function recordingEngine(answers: Answers = {}): { readonly engine: Engine; readonly calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  const record = (useCase: string, answer: unknown) => {
    return (...args: readonly unknown[]): unknown => {
      calls.push({ useCase, args });
      return typeof answer === "function"
        ? Reflect.apply(answer as (...all: unknown[]) => unknown, undefined, args)
        : undefined;
    };
  };
  const group = (name: string): object =>
    new Proxy(
      {},
      { get: (_, key) => record(`${name}.${String(key)}`, Reflect.get(Reflect.get(answers, name) ?? {}, key)) },
    );
  const names = ["containers", "execs", "images", "networks", "volumes", "system"] as const;
  const groups = Object.fromEntries(names.map((name) => [name, group(name)]));
  const build = record("build", Reflect.get(answers, "build"));
  return { engine: { ...groups, build } as unknown as Engine, calls };
}

/** A session of a process that repeats its input, and at the end of it says `bye` on stderr (with a terminal: on stdout). */
export function echoSession({ tty }: { readonly tty: boolean }): AttachSession & { readonly disposed: Promise<void> } {
  const output = new AsyncQueue<StreamFrame>();
  const disposed = Promise.withResolvers<void>();
  return {
    tty,
    output,
    disposed: disposed.promise,
    stdin: {
      async write(chunk) {
        output.push({ stream: "stdout", data: chunk });
      },
      end() {
        output.push({ stream: tty ? "stdout" : "stderr", data: new TextEncoder().encode("bye\n") });
        output.end();
      },
    },
    async [Symbol.asyncDispose]() {
      output.end();
      disposed.resolve();
    },
  };
}
