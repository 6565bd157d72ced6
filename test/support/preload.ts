/**
 * Loaded before every test file (bunfig.toml). Gives the process a temporary directory of its own, so that whatever a test
 * leaves in `os.tmpdir()` is known to be its, and fails the file that leaks. Under `--isolate` or `--parallel` that is each
 * file by itself; otherwise the run as a whole.
 */
import { afterAll } from "bun:test";
import { mkdtempSync } from "node:fs";
import { settleLeaks, takeLedger } from "./leaks.ts";
import { mountsBelow, removeTestTree } from "./remove.ts";
import { linkTag, tag } from "./tag.ts";

const outer = process.env["TMPDIR"];
// Not below the one of an outer run: a test of this file starts another, and each counts its own.
const tmp = mkdtempSync(`/tmp/${tag}`);
process.env["TMPDIR"] = tmp;
const scope = { tag, linkTag, tmp };
const graceMs = Number(process.env["LIGHTER_TEST_LEAK_GRACE_MS"] ?? 10_000);
const before = takeLedger(scope);

afterAll(async () => {
  const leaks = await settleLeaks(scope, before, graceMs);
  if (outer === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = outer;
  // What stays mounted keeps the directory: what is below may be somebody's.
  if (mountsBelow(tmp).length === 0) removeTestTree(tmp);
  if (leaks.length > 0) throw new Error(`${Bun.main} leaks:\n  ${leaks.join("\n  ")}`);
}, 30_000);
