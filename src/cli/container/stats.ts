import { ApiError, containerStats, listContainers, type ApiClient } from "#client";
import { formatList, parseListFormat } from "#term";
import { command, joinErrors } from "../framework/command.ts";
import { bool, format, noTrunc } from "../framework/flags.ts";
import { statsColumns, type StatsRow } from "./stats-columns.ts";
import { StatsScreen } from "./stats-screen.ts";

const redrawMs = 500;
/** How long the first picture waits for the first numbers. */
const firstNumbersMs = 2000;

export const stats = command({
  usage: "[OPTIONS] [CONTAINER...]",
  args: [0, Infinity],
  flags: {
    all: bool("Also show containers that do not run", { short: "a" }),
    format: format(),
    "no-stream": bool("Show the numbers once"),
    "no-trunc": noTrunc(),
  },
  async run(context, { flags, args }) {
    const shape = parseListFormat(flags.format || context.config.statsFormat || "");
    const columns = statsColumns(!flags["no-trunc"]);
    const draw = (rows: readonly StatsRow[]): string => formatList(rows, columns, shape);
    // A template that is wrong fails now, not on the screen.
    draw([]);
    if (flags["no-stream"]) {
      context.stdout.write(draw(await readOnce(context.client, args, flags.all)));
      return;
    }
    const screen = new StatsScreen(context.client);
    const listed = Promise.withResolvers<void>();
    const following = args.length > 0 ? screen.followNamed(args) : screen.followAll(flags.all, listed.resolve);
    if (args.length > 0) listed.resolve();
    await live({ screen, following, listed: listed.promise }, (text) => context.stdout.write(text), draw);
  },
});

/** Each container's numbers; containers that were not named may vanish meanwhile. @throws CliError with all that failed */
async function readOnce(client: ApiClient, names: readonly string[], all: boolean): Promise<readonly StatsRow[]> {
  const listed = names.length > 0 ? names : await idsOf(client, all);
  const results = await Promise.allSettled(listed.map((name) => containerStats(client, name)));
  const isGone = (reason: unknown): boolean =>
    names.length === 0 && reason instanceof ApiError && reason.status === 404;
  const reasons = results.map((result): unknown => (result.status === "rejected" ? result.reason : undefined));
  const failures = reasons.filter((reason) => reason !== undefined && !isGone(reason));
  if (failures.length > 0) throw joinErrors(failures);
  return results.flatMap((result, index) =>
    result.status === "fulfilled" ? [{ container: listed[index] ?? "", stats: result.value, names: result.value }] : [],
  );
}

async function idsOf(client: ApiClient, all: boolean): Promise<readonly string[]> {
  const rows = await listContainers(client, { all, limit: 0, size: false, filters: {} });
  return rows.map(({ Id }) => Id.slice(0, 12));
}

interface Live {
  readonly screen: StatsScreen;
  /** Ends when nothing more can come. */
  readonly following: Promise<void>;
  readonly listed: Promise<void>;
}

/** Draws over the last picture twice a second. */
async function live(
  { screen, following, listed }: Live,
  write: (text: string) => void,
  draw: (rows: readonly StatsRow[]) => string,
): Promise<void> {
  const ended = following.then(() => "ended" as const);
  await Promise.race([ended, listed]);
  const deadline = performance.now() + firstNumbersMs;
  while (!screen.heard() && performance.now() < deadline) await Promise.race([ended, Bun.sleep(20)]);
  for (;;) {
    write(overwriting(draw(screen.rows)));
    if ((await Promise.race([ended, Bun.sleep(redrawMs)])) === "ended") return;
  }
}

/** From the corner of the screen; the rest of each line and of the screen is cleared. */
function overwriting(text: string): string {
  return `\u001B[H${text.replaceAll("\n", "\u001B[K\n")}\u001B[J`;
}
