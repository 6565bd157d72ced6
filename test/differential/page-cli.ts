import type { Cases } from "./case.ts";

const sleeper = "docker run -d --name dt1 $IMAGE sleep 1000 | wc -c";

/** The examples of Docker's reference pages of the `container` commands. */
export const cases: Cases = {
  "container create, start": [
    "docker container create -i -t --name dt1 $IMAGE | wc -c; docker container start dt1; docker container inspect -f '{{.State.Status}} {{.Config.Tty}} {{.Config.OpenStdin}}' dt1; docker kill dt1",
    "docker create -v /data --name dt2 $IMAGE | wc -c; docker start dt2; docker create --name dt3 $IMAGE sh -c 'exit 9' | wc -c; docker start -a dt3; echo $?; docker start -a dt2 dt3; docker start -i dt2 dt3; docker start nope dt3; docker start --detach-keys nope-x -a dt3; docker start; docker start --checkpoint x dt2",
    "docker create --name dt4 -i $IMAGE cat | wc -c; echo through | docker start -i dt4; echo again | docker start -ai dt4; docker start dt4; docker start dt4; docker logs dt4 | head -1; docker kill dt4",
  ],
  "container exec": [
    sleeper,
    "docker exec -d dt1 touch /tmp/execWorks; sleep 0.5; docker exec dt1 ls /tmp/execWorks; docker exec -e VAR_A=1 -e VAR_B=2 dt1 env | grep VAR_ | sort; docker exec -it -w /root dt1 pwd </dev/null; docker exec -w /root dt1 pwd",
    "docker exec dt1 sh -c 'echo a && echo test'; docker container exec dt1 echo long; docker exec --user 1000:100 dt1 id; docker exec --privileged dt1 mount -t tmpfs t /mnt; docker exec --env-file /nope dt1 true; docker exec --detach-keys nope-x dt1 true; docker exec -i dt1 cat </dev/null; printf 'x\\ny' | docker exec -i dt1 wc -l",
    "docker pause dt1; docker exec dt1 sh; docker unpause dt1; docker exec dt1 kill -KILL -1; docker exec dt1 sh -c 'exit 300'; docker exec -t dt1 sh -c 'echo tty; exit 4' | od -c | head -2; docker exec dt1 ''; docker exec '' true; docker exec dt1 -x",
  ],
  "container ls": [
    "docker run -d --name dt1 -l color=blue -l shape=round $IMAGE sleep 1000 | wc -c; docker run --name dt2 -l color=red $IMAGE sh -c 'exit 3'; docker create --name dt3 -v dtls:/remote -p 18072:80/udp $IMAGE top | wc -c; docker run -d --name dt4 --health-cmd true --health-interval 1h $IMAGE sleep 1000 | wc -c; docker pause dt4",
    ..."label=color,label=color=blue,name=dt,exited=3 --filter name=dt,exited=0 --filter name=dt,status=paused --filter name=dt,status=created --filter name=dt,status=running --filter status=exited --filter name=dt,ancestor=ltdiff --filter name=dt,ancestor=nope,before=dt3 --filter name=dt,since=dt2 --filter name=dt,volume=dtls,volume=/remote,network=bridge --filter name=dt,network=none --filter name=dt,publish=18072/udp,publish=18072,publish=18000-18100/udp,expose=80/udp,publish=nope,publish=70000,health=starting --filter name=dt,health=healthy --filter name=dt,is-task=true,is-task=x,isolation=default --filter name=dt,label=color --filter label=shape,name=^dt1$,name=[,id=zzz,status=dead,exited=-1"
      .split(",")
      .map(
        (filter) =>
          `docker ps -a --filter '${filter.replaceAll(" --filter ", "' --filter '")}' --format '{{.Names}}' | sort`,
      ),
    "docker ps -a --filter name=dt --format '{{.Names}}: {{.Command}}' --no-trunc; docker ps --filter name=dt --format 'table {{.Names}}\\t{{.Labels}}'; docker ps -a --filter name=dt2 --format '{{json .}}' | tr , '\\n' | cut -d: -f1; docker ps -a --filter name=dt --format '{{.Label \"color\"}}|{{.State}}|{{.LocalVolumes}}|{{.Mounts}}|{{.Networks}}|{{.Ports}}'",
    "docker ps -a --filter name=dt3 --format '{{.Size}}' -s | cut -d' ' -f2; docker ps --last 1 --filter name=dt -q | wc -l; docker ps -l -q | wc -l; docker ps -q --filter name=dt --no-trunc | wc -c; docker ps --format '{{title .Names}} {{lower .State}} {{join (split .Names \"t\") \"-\"}}' --filter name=dt1; docker unpause dt4; docker rm -f dt3 >/dev/null; docker volume rm dtls",
  ],
  "container logs": [
    "docker run --name dt1 $IMAGE sh -c 'for i in 1 2 3; do echo line $i; done; sleep 0.3; echo err >&2'; docker logs dt1; docker container logs --tail 2 dt1; docker logs -n 1 dt1 2>/dev/null; docker logs --since 10m dt1; docker logs --since 2013-01-02T13:23:37Z dt1; docker logs --until 2013-01-02 dt1; docker logs -t dt1 2>&1; docker logs --details dt1; docker logs --since -1h dt1; docker logs -f --tail 1 dt1; docker logs --since 1.5h dt1; docker logs --until x dt1; docker logs dt1 dt1",
    "docker run --name dt2 -d $IMAGE sh -c 'echo first; sleep 2; echo second' | wc -c; docker logs -f --until 0.5s dt2; docker logs -f dt2; docker logs --follow --since 1h dt2",
  ],
  "container cp, diff, export": [
    "docker run -d --name dt1 $IMAGE sh -c 'mkdir /work; echo log >/work/a.log; ln -s a.log /work/l; touch /ready; sleep 1000' | wc -c; until docker exec dt1 test -e /ready; do sleep 0.1; done; echo here >f; docker cp ./f dt1:/work; docker cp dt1:/work/ ./tmp_logs; ls tmp_logs; docker cp dt1:/work/a.log - | tar x -O; docker container cp dt1:/work/l got; readlink got; docker cp -L dt1:/work/l got2; cat got2; docker cp -a f dt1:/work/kept; docker cp -q f dt1:/work; docker cp f dt1:/work/no/dir/ 2>&1 | grep -v level=error",
    "docker diff dt1 | sort; docker container diff dt1 | wc -l; docker export dt1 | tar t | grep -c work; docker container export --output o.tar dt1; tar tf o.tar | grep a.log; docker export dt1 >o2.tar; test -s o2.tar; docker export -o /nope/x dt1",
  ],
  "container wait, stop, kill, rm": [
    sleeper,
    "(sleep 0.5; docker kill dt1 >/dev/null) & docker wait dt1; wait; docker rm dt1; docker run -d --name dt2 $IMAGE sh -c 'trap \"echo hup\" HUP; while :; do sleep 0.1; done' | wc -c; sleep 0.3; docker kill --signal=SIGHUP dt2; docker kill --signal=HUP dt2; docker kill --signal=1 dt2; sleep 0.5; docker logs dt2 | sort -u; docker kill --signal=hup dt2; docker kill -s '' dt2; docker kill",
    "docker run -d --name dt3 -v /anon $IMAGE sleep 1000 | wc -c; docker rm dt3; docker rm --force dt3; docker rm -v nope; docker rm --link dt3; docker container rm -f dt2 nope; docker create --name dt4 $IMAGE | wc -c; docker rm dt4; docker rm $(docker ps --filter status=exited --filter name=dtnone -q)",
    "docker run -d --name dt5 $IMAGE sleep 1000 | wc -c; docker stop --timeout 0 dt5; docker stop -s INT -t 0 dt5; docker container stop --signal NOPE dt5; docker restart -t 0 dt5; docker restart -s KILL dt5; docker container restart nope; docker stop -t -1 nope; docker kill dt5; docker kill dt5; docker restart --time 0 dt5 >/dev/null 2>&1; docker inspect -f '{{.State.Running}}' dt5",
  ],
  "container pause, rename, port, top, update, attach": [
    "docker run -d --name dt1 -p 127.0.0.1:18073:7890/tcp -p 127.0.0.1:18074:7890/udp -p 127.0.0.1:18075:9876 $IMAGE sleep 1000 | wc -c; docker port dt1; docker port dt1 7890; docker port dt1 7890/tcp; docker port dt1 7890/udp; docker container port dt1 1; docker port dt1 9876/sctp; docker port",
    "docker pause dt1; docker ps --filter name=dt1 --format '{{.Status}}' | grep -o Paused; docker container unpause dt1; docker unpause dt1; docker pause; docker rename dt1 dt2; docker rename dt2 dt2; docker container rename nope x; docker rename dt2 dt1; docker top dt1 -o comm; docker top dt1 -x -o pid,comm | wc -l; docker top",
    "docker update --cpu-shares 512 dt1; docker update --memory 100m --memory-swap 200m dt1; docker update --restart on-failure:3 dt1; docker inspect -f '{{.HostConfig.CpuShares}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.RestartPolicy.Name}}' dt1; docker update --cpus 0.5 dt1 nope; docker update --blkio-weight 5 dt1; docker update; docker update --memory 1k dt1; docker update --pids-limit 5 dt1; docker update --cpuset-cpus 9-8 dt1",
    "docker run -d --name dt3 $IMAGE sh -c 'sleep 1; echo attached; exit 5' | wc -c; docker attach dt3; echo $?; docker attach dt3; docker attach --no-stdin nope; docker attach --detach-keys nope-x dt1; docker attach; docker run -d -i --name dt4 $IMAGE cat | wc -c; (echo to cat; sleep 0.5) | timeout -s KILL 3 docker attach dt4; docker kill dt4; docker logs dt4; docker attach --sig-proxy=false dt4",
  ],
};
