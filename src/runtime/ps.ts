import { EngineError } from "#core";

/** The table that the host's `ps` prints for these arguments. @throws EngineError `invalid` with ps's own complaint, `unavailable` without ps */
export async function hostProcesses(args: readonly string[]): Promise<string> {
  const ps = Bun.which("ps");
  if (ps === null) throw new EngineError("unavailable", "ps is not installed on the host");
  const child = Bun.spawn([ps, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    env: { LC_ALL: "C", COLUMNS: "10000" },
  });
  const [table, complaint, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0 && table === "")
    throw new EngineError("invalid", `ps: ${complaint.trim().split("\n", 1)[0] ?? ""}`);
  return table;
}
