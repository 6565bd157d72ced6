import type { Cases } from "./case.ts";

const from = "date +%s >from";
const events = (filter: string): string =>
  `docker events --since $(cat from) --until $(cat until) ${filter} --format '{{.Type}} {{.Action}} {{index .Actor.Attributes "name"}}'`;

/** Docker's pages on events, inspect, formatting, pruning, logging drivers, system information. */
export const cases: Cases = {
  "events, filters": [
    `${from}; docker create --name dt1 -l k=v $IMAGE sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' | wc -c; docker start dt1; sleep 0.5; docker stop dt1; docker run --name dt2 $IMAGE sh -c 'exit 2'; docker cp /etc/hostname dt1:/tmp/h; docker export dt1 >/dev/null; docker rename dt1 dt3; docker update -c 512 dt3; docker start dt3; docker top dt3 >/dev/null; docker exec dt3 true; docker kill -s HUP dt3 >/dev/null; docker restart -t 0 dt3; docker rm -f dt3 dt2; sleep 1.1; date +%s >until`,
    ...[
      "--filter container=dt1 --filter event=stop",
      "--filter event=stop --filter event=die --filter container=dt2",
      "--filter container=dt3 --filter event=rename",
      "--filter container=dt1 --filter event=create --filter event=archive-path --filter event=extract-to-dir --filter event=export",
      "--filter container=dt3 --filter event=update --filter event=top --filter event=exec_create --filter event=exec_die",
      "--filter label=k=v --filter event=restart",
      "--filter label=k --filter event=destroy",
      "--filter label=other",
      "--filter type=container --filter event=destroy --filter container=dt2",
      "--filter type=nope",
      "--filter type=image --filter image=nosuch",
      "--filter type=plugin --filter type=daemon --filter type=service",
      "--filter scope=swarm",
      "--filter scope=local --filter event=oom",
      `--filter image=$IMAGE --filter event=create`,
    ].map(events),
    "docker events --since $(cat from) --until $(cat until) --filter container=dt2 --filter event=die --format '{{json .}}' | sed 's/\"[0-9a-f]\\{64\\}\"/ID/g'; docker events --since $(cat from) --until $(cat until) --filter container=dt2 --filter event=die --format '{{.Actor.Attributes.exitCode}} {{.ID}} {{.TimeNano}}'; docker events --since $(cat until) --until $(cat from) 2>&1 | sed 's/[0-9]\\{10\\}/T/g'; docker events --since 2014-09-03T15:49:29 --until 2014-09-03T15:49:30; docker system events --since 10m --until 9m --filter container=dtnone",
  ],
  "inspect, format": [
    "docker run -d --name dt1 -p 127.0.0.1:18076:8787/tcp --log-driver json-file -v $BIND:/m -l a=b -e A=B $IMAGE sleep 1000 | wc -c",
    ...[
      "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
      "{{range .NetworkSettings.Networks}}{{.MacAddress}}{{end}}",
      '{{index (split .LogPath "/containers/") 1}}',
      "{{.Config.Image}}",
      "{{range $p, $conf := .NetworkSettings.Ports}} {{$p}} -> {{(index $conf 0).HostPort}} {{end}}",
      '{{(index (index .NetworkSettings.Ports "8787/tcp") 0).HostPort}}',
      "{{json .Config.Cmd}}",
      "{{json .Mounts}}",
      '{{join .Config.Cmd " , "}}',
      '{{index .Config.Labels "a"}} {{lower .Name}} {{upper .Name}} {{title .Path}}',
      '{{split .Image ":"}}',
      "{{println .Name}}{{len .Args}}",
      '{{.State.Pid | printf "%d" | len | lt 0}}',
      "{{with .State}}{{.Status}}{{end}} {{if and .State.Running (not .State.Paused)}}yes{{else}}no{{end}}",
      "{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}",
      '{{slice .Id 0 2 | len}} {{eq .Path "sleep"}} {{ne .Path "x"}} {{or .HostConfig.Privileged "d"}}',
      "{{.HostConfig.PortBindings}}",
      "{{.Config.Labels}} {{.Config.Env}} {{.HostConfig.LogConfig}}",
      "{{.State.Health}}",
      "{{.Config.Nope}}",
      "{{nope .Name}}",
      "{{.Name",
      "{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{end}}",
      "{{/* comment */}}{{- .Name -}} x",
      '{{$x := .Name}}{{$x}} {{printf "%-8s|%5d|%q" .Path .RestartCount .Driver}}',
      '{{json .HostConfig.RestartPolicy}} {{json .HostConfig.Binds}} {{json .State.Running}} {{html "<"}} {{js "\'"}} {{urlquery "a b"}}',
    ].map((format) => `docker inspect --format='${format.replaceAll("'", "'\\''")}' dt1`),
    "docker inspect -s --format='{{.SizeRootFs}}' dt1 | grep -c '[0-9]'; docker inspect --type=volume dt1; docker inspect --type=network dt1; docker inspect dt1 nope --format '{{.Name}}'; docker container inspect --size -f '{{.Name}}' dt1; docker inspect -f json dt1 | cut -c1-2; docker inspect",
  ],
  prune: [
    "docker container prune -f --filter label=dtnone; docker container prune --force --filter until=24h --filter label=dtnone; docker container prune -f --filter until=2017-01-04T00:00:00; docker container prune -f --filter 'label!=x' --filter label=dtnone; echo N | docker container prune; docker container prune -f --filter until=x; docker container prune x",
    "docker run --name dt1 -l dtprune=1 $IMAGE true; docker run --name dt2 -l dtprune=2 $IMAGE true; docker container prune -f --filter label=dtprune=1 | sed 's/[0-9.]*k*B$/N/'; docker ps -a --filter label=dtprune --format '{{.Names}}'; docker container prune -f --filter label=dtprune --filter 'label!=dtprune=2' | grep -c Deleted; docker container prune -f --filter label=dtprune | head -1",
    "docker volume create -q --label dtv=1 dtvol1 2>/dev/null || docker volume create --label dtv=1 dtvol1; docker volume prune -f --filter label=dtv; docker volume prune -a -f --filter label=dtv | head -2; docker network prune -f --filter label=dtnone; docker image prune -f --filter label=dtnone; docker image prune -a -f --filter label=dtnone; docker system prune -f --filter label=dtnone; docker system prune -f --volumes --filter label=dtnone",
  ],
  "logging drivers": [
    "docker info --format '{{.LoggingDriver}}'; docker run --name dt1 --log-driver local --log-opt max-size=10m --log-opt max-file=3 --log-opt compress=false $IMAGE echo local; docker logs dt1; docker inspect -f '{{.HostConfig.LogConfig.Type}} {{.LogPath}}' dt1; docker run --name dt2 --log-driver none $IMAGE echo none; docker inspect -f '{{.HostConfig.LogConfig.Type}}' dt2; docker logs dt2",
    "docker run --name dt3 --log-driver json-file --log-opt mode=non-blocking --log-opt max-buffer-size=4m $IMAGE echo nb; docker logs dt3; docker run --name dt4 --log-driver json-file --log-opt mode=blocking $IMAGE echo b; docker run --log-driver json-file --log-opt max-size=x --rm $IMAGE true; docker run --log-driver json-file --log-opt tag='{{.ImageName}}/{{.Name}}/{{.ID}}' --name dt5 $IMAGE echo tag; docker logs --details dt5 | sed 's/[0-9a-f]\\{12\\}/ID/'; docker run --rm --log-driver syslog --log-opt syslog-address=udp://127.0.0.1:1 $IMAGE echo udp",
    "docker run --rm --log-driver gelf $IMAGE true; docker run --rm --log-driver fluentd --log-opt fluentd-address=127.0.0.1:1 $IMAGE true; docker run --rm --log-driver awslogs $IMAGE true; docker run --rm --log-driver splunk $IMAGE true; docker run --rm --log-driver gcplogs $IMAGE true",
  ],
  system: [
    "docker system df --format 'table {{.Type}}' ; docker system df --format '{{.Nope}}'; docker system info --format '{{.OSType}}'; docker info --format '{{json .SecurityOptions}}' | head -c 2; docker version --format '{{.Client.Version}}' | wc -l; docker info --format '{{.Nope'",
  ],
};
