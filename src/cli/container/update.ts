import { updateContainer } from "#client";
import { CliError, command, forEachName } from "../framework/command.ts";
import { parseRestart } from "./resources.ts";
import { createFlags } from "./run-flags.ts";

const {
  "blkio-weight": blkioWeight,
  "cpu-period": period,
  "cpu-quota": quota,
  "cpu-shares": shares,
  cpus,
} = createFlags;
const {
  "cpuset-cpus": cpuset,
  "cpuset-mems": mems,
  memory,
  "memory-reservation": reservation,
  "memory-swap": swap,
  "pids-limit": pids,
  restart,
} = createFlags;

export const update = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {
    "blkio-weight": blkioWeight,
    "cpu-period": period,
    "cpu-quota": quota,
    "cpu-shares": shares,
    cpus,
    "cpuset-cpus": cpuset,
    "cpuset-mems": mems,
    memory,
    "memory-reservation": reservation,
    "memory-swap": swap,
    "pids-limit": pids,
    restart,
  },
  run(context, { flags, changed, args }) {
    if (changed.size === 0) throw new CliError("you must provide one or more flags when using this command");
    const body = {
      BlkioWeight: flags["blkio-weight"],
      CpuPeriod: flags["cpu-period"],
      CpuQuota: flags["cpu-quota"],
      CpuShares: flags["cpu-shares"],
      NanoCpus: flags.cpus,
      CpusetCpus: flags["cpuset-cpus"],
      CpusetMems: flags["cpuset-mems"],
      Memory: flags.memory,
      MemoryReservation: flags["memory-reservation"],
      MemorySwap: flags["memory-swap"],
      PidsLimit: flags["pids-limit"],
      ...(changed.has("restart") ? { RestartPolicy: parseRestart(flags.restart) } : {}),
    };
    return forEachName(context, args, async (name) => {
      for (const warning of (await updateContainer(context.client, name, body)).Warnings ?? [])
        context.stderr.write(`${warning}\n`);
    });
  },
});
