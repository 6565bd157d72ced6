import { cgroup2Mount } from "../cgroup.ts";
import { CommandFailed, runSync } from "../command.ts";
import { interleave } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

/** Docker without `favordynmods`, which our engine sets for the whole host: what its users have where we were never started. */
export async function* dynmodsRows({ peer, options }: Session): AsyncGenerator<Row> {
  const mount = cgroup2Mount();
  if (!peer || !mount?.options.includes("favordynmods")) return;
  const title = "docker run --rm busybox true, bridge, Docker on a host without favordynmods";
  const others = mount.options.filter((option) => option !== "favordynmods").join(",");
  try {
    remount(mount.point, others);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    yield { group: "dynmods", title, unit: "ms", cells: [], failure: `this host does not allow it: ${error.message}` };
    return;
  }
  try {
    const run = (): ReturnType<typeof peer.docker> => peer.docker(["run", "--rm", busybox, "true"]);
    yield timeRow(
      { group: "dynmods", title },
      await interleave([{ label: "docker run, docker", contender: peer, run }], options.samples),
    );
  } finally {
    remount(mount.point, `${others},favordynmods`);
  }
}

/** @throws CommandFailed also when the kernel has ignored it */
function remount(point: string, options: string): void {
  runSync(["mount", "-i", "-o", `remount,${options}`, "none", point]);
  const wanted = options.includes("favordynmods");
  if (cgroup2Mount()?.options.includes("favordynmods") !== wanted)
    throw new CommandFailed(`remount of ${point} has no effect`);
}
