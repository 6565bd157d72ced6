import type { Cases } from "./case.ts";

const limits =
  "docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} {{json .HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}' dt1";

/** Limits that change, what is used, processes, and the end for want of memory. */
export const cases: Cases = {
  update: [
    "docker run -d --name dt1 -m 50m $IMAGE sleep 600",
    "docker update dt1",
    "docker update -m 200m dt1",
    "docker update -m 60m dt1",
    "docker update -m 200m --memory-swap 300m dt1",
    "docker update -m 4m dt1",
    "docker update --memory-swap 400m --memory-reservation 900m dt1",
    `docker update --cpus 1 -c 512 dt1; ${limits}`,
    "docker update --cpu-quota 50000 dt1",
    "docker update --cpu-period 50000 dt1",
    "docker update --cpus 1000 dt1",
    "docker update --cpu-quota 10 dt1",
    `docker update --pids-limit 10 --cpuset-cpus 0 dt1; ${limits}`,
    "docker update --pids-limit -1 dt1; docker inspect -f '{{json .HostConfig.PidsLimit}}' dt1",
    "docker update --cpuset-cpus 99 dt1",
    "docker update --restart on-failure:3 dt1; docker inspect -f '{{json .HostConfig.RestartPolicy}}' dt1",
    "docker update --restart nosuch dt1",
    "docker update --restart always:3 dt1",
    "docker update --kernel-memory 50m dt1",
    "docker update -c 300 nosuchcontainer dt1",
    `docker stop -t 0 dt1; docker update -m 30m --memory-swap -1 dt1; ${limits}`,
    "docker run -d --rm --name dt2 $IMAGE sleep 600; docker update --restart always dt2; docker update --restart no dt2",
  ],
  stats: [
    "docker run -d --name dt1 -m 64m --network none $IMAGE sleep 600; docker create --name dt2 $IMAGE true",
    "docker stats --no-stream --format '{{.Container}} {{.Name}} {{.PIDs}} {{.NetIO}}' dt1 dt2",
    "docker stats --no-stream dt1 dt2 | head -1",
    "docker stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}' dt2",
    "docker stats --no-stream --format json dt2",
    "docker stats --no-stream --no-trunc --format 'table {{.Name}}\\t{{.ID}}' dt1",
    "docker stats --no-stream nosuchcontainer dt1",
    "docker pause dt1; docker stats --no-stream --format '{{.Name}} {{.PIDs}}' dt1; docker unpause dt1",
  ],
  top: [
    "docker run -d --name dt1 -u 1234 $IMAGE sleep 600; docker create --name dt2 $IMAGE true",
    "docker top dt1 -eo user,args",
    "docker top dt1 -o pid,comm | tail -n +2 | tr -s ' ' | cut -d' ' -f2",
    "docker top dt1 | head -1",
    "docker top dt1 aux | head -1",
    "docker top dt1 -o comm",
    "docker top dt1 --nonsense",
    "docker top dt2",
    "docker top nosuchcontainer",
  ],
  "out of memory": [
    "docker run --name dt1 -m 20m $IMAGE tail /dev/zero; docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' dt1",
    "docker run --name dt2 -m 20m $IMAGE sh -c 'tail /dev/zero; echo $?'; docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' dt2",
    "docker start -a dt2; docker inspect -f '{{.State.OOMKilled}}' dt2",
  ],
  "what a host may lack": [
    "docker create --blkio-weight 5 $IMAGE true | wc -c",
    "docker create --blkio-weight 300 --blkio-weight-device /dev/zero:300 $IMAGE true | wc -c",
    "docker create --oom-kill-disable $IMAGE true | wc -c",
    "docker create --memory-swappiness 101 $IMAGE true",
    "docker create -c -5 $IMAGE true",
    "docker create --cpu-rt-period 5000 --cpu-rt-runtime 6000 $IMAGE true",
    "docker run --rm --device-read-bps /dev/nosuch:1m $IMAGE true",
    "docker create --cgroupns nosuch $IMAGE true",
    "docker create --name dt1 $IMAGE true; docker inspect -f '{{.HostConfig.CgroupnsMode}}' dt1",
  ],
};
