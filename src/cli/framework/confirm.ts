import type { Context } from "./command.ts";

/** Asks on stdout; true for `y` or `yes`. An end of input is a no. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  context.stdout.write(`${question} [y/N] `);
  let text = "";
  for await (const bytes of context.stdin()) {
    text += Buffer.from(bytes).toString();
    if (text.includes("\n")) break;
  }
  return /^\s*y(es)?\s*$/i.test(text.split("\n", 1)[0] ?? "");
}
