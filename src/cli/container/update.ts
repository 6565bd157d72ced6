import { updateContainer } from "#client";
import { CliError, command, forEachName } from "../framework/command.ts";
import { parseRestart } from "./resources.ts";
import { createFlags } from "./run-flags.ts";

const {
  "blkio-weight": blkioWeight,
  "cpu-period": period,
  "cpu-quota": quota,
  "cpu-shares": shares,
  "cpu-rt-period": rtPeriod,
  "cpu-rt-runtime": rtRuntime,
  cpus,
} = createFlags;
const {
  "cpuset-cpus": cpuset,
  "cpuset-mems": mems,
  "kernel-memory": kernelMemory,
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
    "cpu-rt-period": rtPeriod,
    "cpu-rt-runtime": rtRuntime,
    "cpu-shares": shares,
    cpus,
    "cpuset-cpus": cpuset,
    "cpuset-mems": mems,
    "kernel-memory": kernelMemory,
    memory,
    "memory-reservation": reservation,
    "memory-swap": swap,
    "pids-limit": pids,
    restart,
  },
  async run(context, { flags, changed, args }) {
    if (changed.size === 0) throw new CliError("you must provide one or more flags when using this command");
    const body = {
      BlkioWeight: flags["blkio-weight"],
      CpuPeriod: flags["cpu-period"],
      CpuQuota: flags["cpu-quota"],
      CpuRealtimePeriod: flags["cpu-rt-period"],
      CpuRealtimeRuntime: flags["cpu-rt-runtime"],
      CpuShares: flags["cpu-shares"],
      NanoCpus: flags.cpus,
      CpusetCpus: flags["cpuset-cpus"],
      CpusetMems: flags["cpuset-mems"],
      KernelMemory: flags["kernel-memory"],
      Memory: flags.memory,
      MemoryReservation: flags["memory-reservation"],
      MemorySwap: flags["memory-swap"],
      PidsLimit: flags["pids-limit"],
      ...(changed.has("restart") ? { RestartPolicy: parseRestart(flags.restart) } : {}),
    };
    const warnings: string[] = [];
    try {
      await forEachName(context, args, async (name) => {
        warnings.push(...((await updateContainer(context.client, name, body)).Warnings ?? []));
      });
    } finally {
      for (const warning of warnings) context.stdout.write(`${warning}\n`);
    }
  },
});
