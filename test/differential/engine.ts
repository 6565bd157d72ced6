import type { Cases } from "./case.ts";

/** events, system, version, info, networks, unknown commands. */
export const cases: Cases = {
  events: [
    "date +%s >from; docker run --rm --name dt1 -l a=b $IMAGE true; docker run -d --name dt2 $IMAGE sleep 1000 >/dev/null; docker exec dt2 true; docker pause dt2; docker unpause dt2; docker rename dt2 dt3; docker stop -t 0 dt3; docker start dt3; docker kill dt3; docker rm -f dt3; docker tag $IMAGE ltdiff-a; docker rmi ltdiff-a; docker volume create dtvol; docker volume rm dtvol; sleep 1.1; date +%s >until",
    "docker events --since $(cat from) --until $(cat until) --filter type=container --filter container=dt1 --filter container=dt2 --filter container=dt3 --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.image}}' | grep -v ' stop '",
    // Whether an end or the stop that waited for it comes first is chance in Docker.
    "docker events --since $(cat from) --until $(cat until) --filter event=stop --filter container=dt3 --format '{{.Action}}'",
    "docker events --since $(cat from) --until $(cat until) --filter type=container --filter label=a=b",
    "docker events --since $(cat from) --until $(cat until) --filter event=die --filter container=dt1 --format json | sed 's/\"[0-9a-f]\\{64\\}\"/ID/g'",
    "docker events --since $(cat from) --until $(cat until) --filter type=image --format '{{.Action}} {{.Actor.Attributes.name}}' | grep ltdiff-a",
    "docker events --since $(cat from) --until $(cat until) --filter type=volume --filter volume=dtvol",
    "docker events --since $(cat from) --until $(cat until) --filter type=network --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}' | sort | uniq | head -2",
    "docker events --since nope; docker events --until nope; docker events --filter nope=1 --until 1; docker events --filter nope --until 1; docker events x",
    "docker events --since $(cat from) --until $(cat until) --filter image=$IMAGE --filter event=create --format '{{.Status}} {{.From}} {{.Scope}}' | tail -1; docker events --until 1 --format '{{.Nope}}'; docker events --until 1 --format '{{'",
    "docker system events --until 1",
  ],
  system: [
    "docker system df | cut -d' ' -f1-2; docker system df -v | grep -E '^[A-Z].*(usage|SIZE)'; docker system df --format '{{.Type}}'; docker system df --format json | head -c 10; docker system df -v --format json | head -c 10; docker system df x",
    "echo n | docker system prune; echo n | docker system prune -a --volumes; docker system prune -f --filter label=dtnone; docker system prune --volumes --filter until=1h -f; docker system prune -f --filter nope=1",
    "docker version --format '{{.Server.Os}} {{.Server.Arch}} {{.Client.Os}} {{.Server.MinAPIVersion}} {{.Server.APIVersion}}'; docker version --format '{{.Nope}}'; docker version --format json | head -c 11; docker version x",
    "docker info --format '{{.OSType}} {{.Architecture}} {{.NCPU}} {{.Driver}} {{.CgroupVersion}} {{.LoggingDriver}} {{.DefaultRuntime}} {{.Swarm.LocalNodeState}} {{.MemoryLimit}} {{.SwapLimit}} {{.PidsLimit}} {{.IPv4Forwarding}} {{.LiveRestoreEnabled}} {{.ExperimentalBuild}}'; docker info --format '{{.Nope}}'; docker info x; docker system info --format '{{.ServerErrors}}'",
    "docker nope; docker --nope; docker run --help | head -3; docker image nope; docker; docker --version | cut -c1-8",
    "docker -H unix:///nope.sock ps; docker -H unix:///nope.sock version --format '{{.Client.Os}}'; docker -H nope://x ps; docker -H unix:///nope.sock info --format '{{.ID}}'; docker -H unix:///nope.sock run x",
    "docker -c nope ps; docker -l nope ps; docker -D version --format '{{.Client.Os}}'",
    "docker help run | head -3; docker run -h | head -1; docker ps -h | head -3",
  ],
  networks: [
    "docker network ls --filter name=bridge; docker network ls -q --filter name=none | wc -c; docker network ls --filter type=builtin --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Labels}}'",
    "docker network ls --filter driver=host; docker network ls --filter nope=1; docker network ls --no-trunc --filter name=none; docker network ls --format json --filter name=none",
    "docker network inspect nope; docker network inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{.Internal}} {{.EnableIPv6}} {{.Attachable}} {{.Ingress}} {{.ConfigOnly}}' bridge host none; docker network inspect none",
    "docker network rm bridge; docker network rm nope; docker network rm -f nope; docker network rm",
    "docker run --rm --network none $IMAGE sh -c 'ls /sys/class/net; cat /etc/hosts; cat /proc/sys/net/ipv6/conf/lo/disable_ipv6'",
    "docker run --rm --network host $IMAGE sh -c 'test -d /sys/class/net/lo && test $(hostname) = '$(hostname)",
    "docker run -d --name dt1 $IMAGE sleep 1000; docker run --rm --network container:dt1 $IMAGE sh -c 'hostname | wc -c; cat /proc/net/dev | grep -c eth0; grep -c . /etc/hosts'; docker run --rm --network container:nope $IMAGE true; docker run --rm --network container:dt1 -p 80:80 $IMAGE true; docker run --rm --network container:dt1 -h x $IMAGE true; docker run --rm --network container:dt1 --dns 1.1.1.1 $IMAGE true; docker run --rm --network container:dt1 --add-host a:1.1.1.1 $IMAGE true; docker run --rm --network container:dt1 --expose 80 $IMAGE true; docker run --rm --network container: $IMAGE true; docker run --rm --network container:dt1 --mac-address 02:42:ac:11:00:99 $IMAGE true",
    "docker run --rm --network nope $IMAGE true; docker run --rm --network host -p 80:80 $IMAGE true; docker run --rm --network host --network none $IMAGE true; docker run --rm --network none --network-alias x $IMAGE true; docker run --rm --network host -h other $IMAGE hostname; docker run --rm --network none -h other $IMAGE hostname; docker run --rm --network name=bridge,alias=x $IMAGE true; docker run --rm --network name=bridge,nope=x $IMAGE true",
    "docker create --name dt2 --network container:dt1 $IMAGE >/dev/null; docker inspect -f '{{.Config.Hostname}}' dt2 | wc -c; docker create --name dt3 --network host $IMAGE >/dev/null; docker inspect -f '{{json .NetworkSettings.Networks}}' dt3 | sed 's/\"GwPriority\":0,//'",
    "docker run --rm --mac-address 02:42:ac:11:00:99 $IMAGE cat /sys/class/net/eth0/address; docker run --rm $IMAGE ip route | sed 's/[0-9.]*[0-9]/N/g'; docker run --rm $IMAGE cat /etc/hosts; docker run --rm $IMAGE sh -c 'ls /sys/class/net; ip -o link | grep -c lo; cat /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6'",
  ],
  ports: [
    "docker run --rm -p x $IMAGE true; docker run --rm -p 80:x $IMAGE true; docker run --rm -p 99999:80 $IMAGE true; docker run --rm -p 80/nope $IMAGE true; docker run --rm -p 1-2:3-5 $IMAGE true; docker run --rm -p nope:80:80 $IMAGE true; docker run --rm -p 2-1:2-1 $IMAGE true; docker run --rm -p :::: $IMAGE true; docker run --rm -p '' $IMAGE true; docker run --rm -p target=80,nope=1 $IMAGE true; docker run --rm -p target=x $IMAGE true; docker run --rm -p 1.2.3.4:80 $IMAGE true",
    "docker create --name dt1 -p 18081:80 -p 18082-18083:90-91/udp -p 127.0.0.1:18084:92 -p '[::1]:18085:93' -p 94 -p target=95,published=18086,protocol=tcp $IMAGE; docker inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}}' dt1",
    "docker run -d --name dt2 -p 127.0.0.1:18087:80 -p 127.0.0.1:18088-18090:81-83 $IMAGE sleep 1000 >/dev/null; docker port dt2; docker port dt2 80; docker port dt2 80/udp; docker port dt2 81/tcp; docker ps --filter name=dt2 --format '{{.Ports}}'",
    "docker run --name dt3 -p 127.0.0.1:18087:80 $IMAGE true; docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' dt3; docker rm -f dt2 dt3",
    "docker run -d --name dt4 -P --expose 80 --expose 90-91/udp $IMAGE sleep 1000 >/dev/null; docker port dt4 | sed 's/:[0-9]*$/:N/' | sort; docker ps --filter name=dt4 --format '{{.Ports}}' | sed 's/:[0-9]*->/:N->/g'",
    "docker run -d --name dt5 -p 18091:80 $IMAGE sleep 1000 >/dev/null; docker ps --filter name=dt5 --format '{{.Ports}}'; docker port dt5; docker stop -t 0 dt5; docker port dt5; docker ps -a --filter name=dt5 --format '{{.Ports}}'",
  ],
};
