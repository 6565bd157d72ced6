/**
 * A process that exchanges two names for ever (renameat2(2), RENAME_EXCHANGE), as a hostile container would with a
 * directory and a link while somebody copies. `bun swapper.ts <one> <other>`; says `ready` once it is at it, and the
 * number of exchanges when it is told to end.
 */
import { dlopen } from "bun:ffi";

const { symbols } = dlopen("libc.so.6", {
  renameat2: { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" },
});
const atCwd = -100;
const exchange = 2;
const [one, other] = process.argv.slice(2).map((path) => Buffer.from(`${path}\0`));
if (one === undefined || other === undefined) throw new Error("two paths are needed");

let ended = false;
let count = 0;
process.on("SIGTERM", () => {
  ended = true;
});

while (!ended) {
  for (let round = 0; round < 50; round++) {
    if (symbols.renameat2(atCwd, one, atCwd, other, exchange) !== 0) throw new Error("renameat2 failed");
    count++;
  }
  if (count === 50) process.stdout.write("ready\n");
  // Lets the signal in, and the machine breathe.
  await new Promise((resolve) => setImmediate(resolve));
}
// An even number leaves both where they were.
if (count % 2 === 1) symbols.renameat2(atCwd, one, atCwd, other, exchange);
process.stdout.write(`${count}\n`);
