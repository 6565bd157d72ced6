/**
 * Stops the terminal of stdin from changing output: raw mode as Bun sets it still puts a carriage return before each newline,
 * which the container's own terminal has done already, and which spoils the screen of an editor. Leaving raw mode undoes it.
 */
export function plainTerminalOutput(): void {
  try {
    Bun.spawnSync(["stty", "-opost"], { stdio: ["inherit", "ignore", "ignore"] });
  } catch (error) {
    // Without stty (1) lines still come, with one carriage return too many.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
