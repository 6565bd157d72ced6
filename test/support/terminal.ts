import { until } from "./until.ts";

/** A program in a terminal of its own, as a person at a keyboard has it. */
export interface TerminalSession extends Disposable {
  /** All that the terminal has shown, with its control sequences. */
  screen(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Settles when the screen matches behind what was consumed before; consumes it. */
  sees(words: string | RegExp): Promise<void>;
  readonly exited: Promise<number>;
}

export function openTerminal(command: readonly string[], env: Readonly<Record<string, string>>): TerminalSession {
  let text = "";
  let consumed = 0;
  const decoder = new TextDecoder();
  const terminal = new Bun.Terminal({
    cols: 80,
    rows: 24,
    data: (_terminal, data) => void (text += decoder.decode(data, { stream: true })),
  });
  // Only a controlling terminal tells its programs of a new size.
  const child = Bun.spawn(["setsid", "--ctty", "--wait", ...command], {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", ...env },
    terminal,
  });
  return {
    screen: () => text,
    type: (typed) => void terminal.write(typed),
    resize: (columns, rows) => terminal.resize(columns, rows),
    sees: async (words) => {
      const pattern = typeof words === "string" ? new RegExp(words.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&")) : words;
      const find = (): boolean => {
        const match = pattern.exec(text.slice(consumed));
        if (match === null) return false;
        consumed += match.index + match[0].length;
        return true;
      };
      await until(find, `${String(words)} on the screen`).catch((error: unknown) => {
        throw new Error(`${String(error)}, which shows ${JSON.stringify(text)}`);
      });
    },
    exited: child.exited,
    [Symbol.dispose]() {
      child.kill("SIGKILL");
      terminal.close();
    },
  };
}
