import type { Cases } from "./case.ts";

const show = (format: string, name = "dt1"): string => `docker inspect -f '${format}' ${name}`;

/** Docker's pages on resource constraints, runtime metrics, several processes in a container and starting by itself. */
export const cases: Cases = {
  memory: [
    `docker create --name dt1 -m 300m --memory-swap -1 $IMAGE | wc -c; ${show("{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}")}; docker create --name dt2 -m 300M --memory-swap 1g $IMAGE | wc -c; ${show("{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", "dt2")}; docker create --name dt3 -m 500M --memory-reservation 200M $IMAGE | wc -c; ${show("{{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}}", "dt3")}; docker create --name dt4 --memory-reservation 1G $IMAGE | wc -c; ${show("{{.HostConfig.MemoryReservation}}", "dt4")}`,
    `docker create --name dt5 --memory-swappiness=0 $IMAGE | wc -c; ${show("{{.HostConfig.MemorySwappiness}}", "dt5")}; docker create --name dt6 -m 100M --oom-kill-disable $IMAGE | wc -c; ${show("{{.HostConfig.OomKillDisable}}", "dt6")}; docker create --name dt7 --memory-swap -1 $IMAGE | wc -c; docker run --rm --memory 1k $IMAGE true; docker run --rm --memory 10x $IMAGE true; docker run --rm --memory -5 $IMAGE true`,
    "docker run --rm -m 64m $IMAGE sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'; docker run --name dt8 -m 16m $IMAGE sh -c 'x=$(head -c 64m /dev/zero | tr \"\\0\" x); echo done' 2>/dev/null; docker inspect -f '{{.State.OOMKilled}}' dt8",
  ],
  cpu: [
    `docker create --name dt1 --cpus=.5 $IMAGE | wc -c; ${show("{{.HostConfig.NanoCpus}}")}; docker create --name dt2 --cpu-period=100000 --cpu-quota=50000 $IMAGE | wc -c; ${show("{{.HostConfig.CpuPeriod}} {{.HostConfig.CpuQuota}} {{.HostConfig.NanoCpus}}", "dt2")}; docker create --name dt3 -c 512 --cpuset-cpus 0-1 --cpuset-mems 0 $IMAGE | wc -c; ${show("{{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} {{.HostConfig.CpusetMems}}", "dt3")}`,
    "docker run --rm --cpus .5 $IMAGE sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d\" \" -f1 /sys/fs/cgroup/cpu.max'; docker run --rm --cpus 0 $IMAGE echo all; docker run --rm --cpus -1 $IMAGE true; docker run --rm --cpu-rt-runtime 950000 $IMAGE true; docker run --rm --cpuset-cpus 1-0 $IMAGE true; docker run --rm --cpuset-cpus '' $IMAGE echo any",
  ],
  "block io, pids": [
    "docker run --rm --blkio-weight 300 $IMAGE echo w; docker run --rm --blkio-weight-device /dev/nope:200 $IMAGE true; docker run --rm --blkio-weight-device x $IMAGE true; docker run --rm --device-write-bps /dev/null:x $IMAGE true; docker run --rm --device-read-iops /dev/null $IMAGE true; docker run --rm --device-read-iops /dev/null:-1 $IMAGE true",
    `docker create --name dt1 --device-read-bps /dev/zero:1mb --device-write-iops /dev/zero:1000 $IMAGE | wc -c; ${show("{{json .HostConfig.BlkioDeviceReadBps}} {{json .HostConfig.BlkioDeviceWriteIOps}}")}; docker create --name dt2 --pids-limit 100 $IMAGE | wc -c; ${show("{{.HostConfig.PidsLimit}}", "dt2")}; docker run --rm --pids-limit 50 $IMAGE sh -c 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max'`,
  ],
  "runtime metrics": [
    "docker run -d --name dt1 $IMAGE sleep 1000 | wc -c; docker stats --no-stream dt1 | head -1; docker stats --no-stream --format '{{.Name}}: {{.PIDs}}' dt1; docker stats --no-stream --format 'table {{.Container}}\\t{{.PIDs}}' dt1; docker stats --no-stream nope; docker stats --no-stream --nope",
    "docker stats --no-stream --format json dt1 | tr ',' '\\n' | cut -d: -f1; docker stats --no-stream --format '{{.Nope}}' dt1; docker stats -a --no-stream --format '{{.Name}}' | grep dt1; docker stats --no-stream --no-trunc --format '{{.ID}}' dt1 | wc -c; docker stats --no-stream --format '{{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}}' dt1 | tr -d '0-9.kMGiB%/ ' | wc -c",
    "docker exec dt1 cat /proc/self/cgroup | wc -l >/dev/null; docker inspect -f '{{gt .State.Pid 0}}' dt1; docker top dt1 | head -1; docker top dt1 -o pid,args | tail -n +2 | awk '{print $2, $3}'; docker container top dt1 aux | wc -l",
  ],
  "several processes": [
    "docker run --name dt1 $IMAGE sh -c 'sleep 0.3 & sh -c \"exit 0\" & wait -n; echo $?'; docker run --rm --init $IMAGE sh -c 'sleep 0.1 & echo started; wait; echo reaped'",
    "printf '#!/bin/sh\\nsleep 1000 &\\necho one\\necho two >&2\\nexit 5\\n' >w.sh; chmod 755 w.sh; docker run -v $BIND/w.sh:/w.sh --name dt2 $IMAGE /w.sh; docker inspect -f '{{.State.ExitCode}} {{.State.Status}}' dt2; docker run --rm -v $BIND/w.sh:/w.sh --init $IMAGE /w.sh",
    "docker run -d --name dt3 --init $IMAGE sh -c 'trap \"echo bye; exit 0\" TERM; while :; do sleep 0.1; done' | wc -c; sleep 0.5; docker stop dt3; docker logs dt3; docker inspect -f '{{.State.ExitCode}}' dt3",
    "docker run -d --name dt4 $IMAGE sh -c 'sleep 1000 & sleep 1000' | wc -c; sleep 0.3; docker top dt4 -o comm | tail -n +2 | sort; docker kill dt4; docker wait dt4",
  ],
  "start by itself": [
    "docker run -d --name dt1 --restart unless-stopped $IMAGE sleep 1000 | wc -c; docker update --restart unless-stopped dt1; docker update --restart always dt1 nope; docker ps -q --filter name=dt1 | wc -l; docker update --restart=on-failure:3 dt1; docker inspect -f '{{json .HostConfig.RestartPolicy}}' dt1; docker stop -t 0 dt1; docker inspect -f '{{.State.Status}}' dt1",
    "docker run --name dt2 --restart on-failure:2 $IMAGE sh -c 'exit 1'; for i in $(seq 100); do [ \"$(docker inspect -f '{{.State.Status}}{{.RestartCount}}' dt2)\" = exited2 ] && break; sleep 0.1; done; docker inspect -f '{{.RestartCount}} {{.State.ExitCode}}' dt2",
  ],
};
