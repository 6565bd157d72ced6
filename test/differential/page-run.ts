import type { Cases } from "./case.ts";

const show = (format: string, name = "dt1"): string => `docker inspect -f '${format}' ${name}`;

/** Docker's reference page of `docker run`, section by section. */
export const cases: Cases = {
  "name, cidfile": [
    "docker run --name dt1 -it -d $IMAGE sh | wc -c; docker ps --filter name=dt1 --format '{{.Names}} {{.Image}} {{.Command}}'",
    "docker run --rm --cidfile dt.cid $IMAGE echo test; wc -c dt.cid; docker run --rm --cidfile dt.cid $IMAGE echo again",
    "docker create --name dt.2_-x $IMAGE | wc -c; docker create --name dt1 $IMAGE; docker create --name .dt $IMAGE; docker create --name dt:1 $IMAGE",
  ],
  "pid, uts, ipc": [
    "docker run -d --name dt1 $IMAGE sleep 1000 | wc -c; docker run --rm --pid container:dt1 $IMAGE ps -o args; docker run --rm --pid host $IMAGE sh -c 'test -d /proc/2 && echo host'",
    "docker run --rm --pid container:nope $IMAGE true; docker run --rm --pid container: $IMAGE true; docker create --name dt2 $IMAGE | wc -c; docker run --rm --pid container:dt2 $IMAGE true",
    "docker run --rm --pid container:dt1 --init $IMAGE true; docker run --rm --pid container:dt1 $IMAGE sh -c 'kill -0 1 && echo can'",
    "docker run --rm --uts host $IMAGE sh -c 'hostname x' ; docker run --rm --uts host --hostname x $IMAGE true; docker run --rm --uts container:dt1 $IMAGE true",
    `docker create --name dt3 --pid host --uts host --ipc host $IMAGE | wc -c; ${show("{{.HostConfig.PidMode}} {{.HostConfig.UTSMode}} {{.HostConfig.IpcMode}}", "dt3")}`,
    "docker run -d --name dt4 --ipc shareable $IMAGE sh -c 'echo x >/dev/shm/f; sleep 1000' | wc -c; sleep 0.5; docker run --rm --ipc container:dt4 $IMAGE cat /dev/shm/f; docker run --rm --ipc container:dt1 $IMAGE true; docker run --rm --ipc container:nope $IMAGE true",
    'docker run --rm --ipc none $IMAGE ls /dev/shm; docker run --rm --ipc private $IMAGE sh -c \'df /dev/shm | tail -1 | tr -s " " | cut -d" " -f2\'; docker run --rm --ipc container:dt4 --shm-size 1m $IMAGE true',
  ],
  "privileged, workdir, storage-opt": [
    "docker run --rm $IMAGE mount -t tmpfs none /mnt; docker run --rm --privileged $IMAGE sh -c 'mkdir -p /mnt && mount -t tmpfs none /mnt && grep -c \" /mnt \" /proc/mounts'",
    "docker run --rm -w /path/to/dir $IMAGE pwd; docker run --rm --workdir /tmp -it $IMAGE pwd </dev/null; docker create --workdir '' $IMAGE | wc -c",
    "docker run --rm --storage-opt size=120G $IMAGE true; docker run --rm --storage-opt nope $IMAGE true; docker run --rm --storage-opt nope=1 $IMAGE true",
    `docker create --name dt1 --privileged $IMAGE | wc -c; ${show("{{.HostConfig.Privileged}} {{json .HostConfig.MaskedPaths}} {{json .HostConfig.ReadonlyPaths}} {{json .HostConfig.SecurityOpt}}")}`,
  ],
  "tmpfs, volume, mount, read-only": [
    'docker run --rm --tmpfs /run:rw,noexec,nosuid,size=65536k $IMAGE sh -c \'grep " /run " /proc/mounts | tr , "\\n" | sort\'',
    "mkdir here; echo hi >here/f; docker run --rm -v $BIND/here:/m -w /m -i -t $IMAGE cat f </dev/null; docker run --rm -v $BIND/here:$BIND/here -w $BIND/here $IMAGE cat f; docker run --rm -v $BIND/dosnt/exist:/foo -w /foo $IMAGE pwd; ls -d dosnt/exist",
    "docker run --rm --read-only -v /icanwrite $IMAGE touch /icanwrite/here; docker run --rm --read-only $IMAGE touch /here",
    "docker run --rm --read-only --mount type=volume,target=/icanwrite $IMAGE touch /icanwrite/here; docker run --rm --mount type=bind,src=$BIND/here,dst=/data $IMAGE cat /data/f; docker run --rm --mount type=bind,src=$BIND/here,dst=/data,readonly $IMAGE touch /data/x",
    'docker run --rm --mount type=bind,src=/nope/nope,dst=/data $IMAGE true; docker run --rm --mount type=nope,dst=/data $IMAGE true; docker run --rm --mount dst=/data $IMAGE true; docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700 $IMAGE sh -c \'stat -c %a /t; df /t | tail -1 | tr -s " " | cut -d" " -f2\'',
    "docker run --rm --mount type=bind,src=relative,dst=/data $IMAGE true; docker run --rm --mount type=bind,src=$BIND,dst=data $IMAGE true; docker run --rm --mount nope $IMAGE true; docker run --rm --mount type=bind,src=$BIND,dst=/d,nope=1 $IMAGE true; docker run --rm --mount type=volume,src=x,dst=/d,bind-propagation=shared $IMAGE true",
    "docker run --rm --volume-driver local -v dtvolume:/v $IMAGE sh -c 'ls -d /v'; docker volume rm dtvolume; docker run --rm -v $BIND/here:/a -v $BIND/here:/a $IMAGE true; docker run --rm --tmpfs /a -v $BIND/here:/a $IMAGE true",
    "docker create --name dt1 -v dtv1:/a:ro -v $BIND/here:/b:ro --mount type=tmpfs,dst=/c --mount type=volume,src=dtv2,dst=/d,volume-nocopy $IMAGE | wc -c; docker inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.Driver}} {{.Mode}} {{.RW}} {{.Propagation}}{{println}}{{end}}' dt1 | sort; docker rm dt1; docker volume rm dtv1 dtv2",
  ],
  "publish, expose, pull": [
    "docker run -d --name dt1 -p 127.0.0.1:18071:8080/tcp $IMAGE sleep 1000 | wc -c; docker port dt1; docker run --rm --expose 80 $IMAGE true; docker create --name dt2 --expose 80 --expose 7000-7002/udp $IMAGE | wc -c; docker inspect -f '{{json .Config.ExposedPorts}}' dt2",
    "docker run --pull never nosuch true; docker run --rm --pull missing $IMAGE echo there; docker run --rm --pull sometimes $IMAGE true",
  ],
  "env, env-file, label": [
    "docker run --rm -e MYVAR1 --env MYVAR2=foo --env-file /dev/null $IMAGE env | grep MYVAR; export VAR1=value1 VAR2=value2; docker run --rm --env VAR1 --env VAR2 $IMAGE env | grep VAR | sort",
    "printf '# comment\\nVAR1=value1\\nVAR2=value2\\nUSER\\n' >env.list; USER=jonzeolla docker run --rm --env-file env.list $IMAGE env | grep -E 'VAR|USER'",
    "docker create --name dt1 -l my-label --label com.example.foo=bar $IMAGE | wc -c; docker inspect -f '{{json .Config.Labels}}' dt1; printf 'com.example.label1=\"a label\"\\n\\n# comment\\ncom.example.label2=another\\\\ label\\ncom.example.label3\\n' >labels; docker create --name dt2 --label-file labels $IMAGE | wc -c; docker inspect -f '{{json .Config.Labels}}' dt2",
  ],
  "network, add-host": [
    "docker run -itd --network bridge --name dt1 $IMAGE sh | wc -c; docker run --rm --network none $IMAGE ip -o link | wc -l; docker run --rm --network nosuchnet $IMAGE true; docker run --rm --network bridge --ip 10.10.9.75 $IMAGE true",
    "docker run --rm --add-host my-hostname=8.8.8.8 --add-host v6=2001:db8::33 --add-host b6:[::1] $IMAGE grep -E 'my-host|v6|b6' /etc/hosts; docker run --rm --add-host host.docker.internal=host-gateway $IMAGE grep -c internal /etc/hosts; docker run --rm --add-host x=nope $IMAGE true; docker run --rm --add-host =1.1.1.1 $IMAGE true",
    `docker create --name dt2 --add-host a:1.1.1.1 --add-host b=2.2.2.2 --add-host c=[::1] $IMAGE | wc -c; ${show("{{json .HostConfig.ExtraHosts}}", "dt2")}`,
  ],
  "detach, attach, keys": [
    "docker run -d --name dt1 $IMAGE true | wc -c; docker wait dt1; docker logs dt1; docker run -d --rm -p 127.0.0.1::80 $IMAGE true | wc -c",
    "echo test | docker run --rm -i -a stdin -a stdout -a stderr $IMAGE cat -; docker run --rm -a stderr $IMAGE echo test; cat /etc/hostname | docker run --rm -i -a stdin $IMAGE cat | wc -c; docker run -a stdin -a stdout -i --rm $IMAGE echo both </dev/null",
    "docker run --rm -i $IMAGE echo hello </dev/null; echo foo | docker run --rm -i $IMAGE cat; docker run --rm -it $IMAGE sh </dev/null; docker run --rm -t $IMAGE echo hello | od -c | head -1",
    "docker run --rm --detach-keys ctrl-a,a $IMAGE true; docker run --rm --detach-keys ctrl-@ $IMAGE true; docker run -d --rm --detach-keys nope-x $IMAGE true | wc -c; docker run -d -a stdin $IMAGE true",
    "docker run --sig-proxy=false --rm $IMAGE echo x; docker run --rm --sig-proxy=nope $IMAGE true",
  ],
  "devices, cgroups": [
    "docker run --rm --device /dev/null:/dev/xvdc $IMAGE ls -l /dev/xvdc | cut -c1-10; docker run --rm --device /dev/null:/dev/xvdc:r $IMAGE sh -c 'echo >/dev/xvdc'; docker run --rm --device /dev/null:/dev/xvdc:nope $IMAGE true; docker run --rm --device '' $IMAGE true",
    `docker create --name dt1 --device-cgroup-rule 'c 42:* rmw' --device /dev/null $IMAGE | wc -c; ${show("{{json .HostConfig.DeviceCgroupRules}} {{json .HostConfig.Devices}}")}; docker run --rm --device-cgroup-rule 'x 1:1 r' $IMAGE true; docker run --rm --device-cgroup-rule 'c 42:* rmw' $IMAGE sh -c 'mknod /tmp/x c 42 7 && echo made'`,
    "docker run --rm --gpus all $IMAGE true; docker run --rm --gpus device=0 $IMAGE true; docker run --rm --gpus nope=x $IMAGE true; docker run --rm --device vendor.com/class=name $IMAGE true",
    `docker create --name dt2 --cgroup-parent /dt-parent $IMAGE | wc -c; ${show("{{.HostConfig.CgroupParent}}", "dt2")}; docker start -a dt2; docker run --rm --cgroup-parent /dt-parent $IMAGE sh -c 'echo started'; docker run --rm --cgroupns host $IMAGE sh -c 'grep -c docker /proc/self/cgroup >/dev/null; echo ok'`,
  ],
  "ulimit, stop": [
    "docker run --rm --ulimit nofile=1024:1024 $IMAGE sh -c 'ulimit -n'; docker run --rm --ulimit nproc=100 $IMAGE sh -c 'grep -c processes /proc/self/limits'; docker run --rm --ulimit nofile=1024:2048:9 $IMAGE true; docker run --rm --ulimit =5 $IMAGE true; docker run --rm --ulimit nofile=-1 $IMAGE true",
    `docker create --name dt1 --stop-signal SIGQUIT --stop-timeout 3 $IMAGE sleep 1000 | wc -c; ${show("{{.Config.StopSignal}} {{.Config.StopTimeout}}")}; docker create --name dt2 --stop-signal 15 --stop-timeout -1 $IMAGE | wc -c; ${show("{{.Config.StopSignal}} {{.Config.StopTimeout}}", "dt2")}; docker create --stop-signal 99 $IMAGE; docker create --stop-signal SIGNOPE $IMAGE`,
    "docker run -d --name dt3 --stop-timeout 1 $IMAGE sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' | wc -c; docker stop dt3; docker inspect -f '{{.State.ExitCode}}' dt3",
  ],
  "security, capabilities": [
    "docker run --rm --security-opt no-new-privileges:true $IMAGE grep NoNewPrivs /proc/self/status; docker run --rm --security-opt no-new-privileges=false $IMAGE grep NoNewPrivs /proc/self/status; docker run --rm --security-opt no-new-privileges:x $IMAGE true; docker run --rm --security-opt nope $IMAGE true; docker run --rm --security-opt label=disable $IMAGE echo ok",
    'docker run --rm --security-opt apparmor=unconfined --security-opt seccomp=unconfined $IMAGE grep -w Seccomp /proc/self/status; docker run --rm --security-opt seccomp=nofile $IMAGE true; echo nojson >p; docker run --rm --security-opt seccomp=p $IMAGE true; echo \'{}\' >p; docker run --rm --security-opt seccomp=p $IMAGE echo fine; echo \'{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chmod","fchmodat"],"action":"SCMP_ACT_ERRNO"}]}\' >p; docker run --rm --security-opt seccomp=p $IMAGE chmod 700 /tmp',
    `docker create --name dt1 --security-opt no-new-privileges --security-opt systempaths=unconfined $IMAGE | wc -c; ${show("{{json .HostConfig.SecurityOpt}} {{json .HostConfig.MaskedPaths}} {{json .HostConfig.ReadonlyPaths}}")}; docker run --rm --security-opt systempaths=unconfined $IMAGE sh -c 'grep -c /proc/ /proc/mounts'`,
    "docker run --rm --cap-add ALL --cap-drop MKNOD $IMAGE mknod /x c 1 3; docker run --rm --cap-add SYS_NOPE $IMAGE true; docker run --rm --cap-drop NOPE $IMAGE true; docker run --rm --cap-drop ALL --cap-add ALL $IMAGE grep -c CapEff /proc/self/status; docker run --rm --cap-drop net_raw $IMAGE grep CapBnd /proc/self/status",
    "docker run --rm --userns host $IMAGE cat /proc/self/uid_map | tr -s ' '; docker run --rm --group-add audio --group-add 1234 $IMAGE id; docker run --rm --group-add users $IMAGE id -G",
  ],
  "log driver, init, sysctl, misc": [
    `docker create --name dt1 --log-driver json-file --log-opt max-size=10m --log-opt max-file=3 $IMAGE | wc -c; ${show("{{json .HostConfig.LogConfig}}")}; docker run --rm --log-driver nope $IMAGE true; docker run --rm --log-driver none $IMAGE echo out`,
    `docker run --rm --init $IMAGE ps -o args | head -2 | tail -1 | grep -c init; docker create --name dt2 --init $IMAGE | wc -c; ${show("{{.HostConfig.Init}}", "dt2")}; docker run --init --name dt3 $IMAGE sh -c 'exit 3'; ${show("{{.State.ExitCode}} {{.Path}} {{.Args}}", "dt3")}`,
    "docker run --rm --sysctl net.ipv4.ip_forward=1 $IMAGE cat /proc/sys/net/ipv4/ip_forward; docker run --rm --sysctl kernel.shmmax=1000 $IMAGE cat /proc/sys/kernel/shmmax; docker run --rm --network host --sysctl net.ipv4.ip_forward=1 $IMAGE true; docker run --rm --ipc host --sysctl kernel.shmmax=1 $IMAGE true; docker run --rm --sysctl vm.swappiness=1 $IMAGE true; docker run --rm --sysctl =1 $IMAGE true",
    `docker create --name dt4 --isolation default --runtime runc --annotation a=b --domainname x.org --hostname h --mac-address 02:42:ac:11:00:42 --oom-score-adj 500 --shm-size 128m $IMAGE | wc -c; ${show("{{.HostConfig.Isolation}} {{.HostConfig.Runtime}} {{json .HostConfig.Annotations}} {{.Config.Domainname}} {{.Config.Hostname}} {{.HostConfig.OomScoreAdj}} {{.HostConfig.ShmSize}}", "dt4")}; docker run --rm --isolation process $IMAGE true`,
    'docker run --rm --oom-score-adj 500 $IMAGE cat /proc/self/oom_score_adj; docker run --rm --shm-size 10m $IMAGE sh -c \'df -m /dev/shm | tail -1 | tr -s " " | cut -d" " -f2\'; docker run --rm --platform linux/amd64 $IMAGE echo ok; docker run --quiet --rm $IMAGE echo q',
    `docker create --name dt5 --health-cmd 'true' --health-interval 5s --health-timeout 2s --health-retries 4 --health-start-period 1s $IMAGE | wc -c; ${show("{{json .Config.Healthcheck}}", "dt5")}; docker create --name dt6 --no-healthcheck $IMAGE | wc -c; ${show("{{json .Config.Healthcheck}}", "dt6")}; docker run --rm --health-interval nope $IMAGE true; docker run --rm --health-retries x $IMAGE true`,
  ],
  "restart, exit codes": [
    `docker create --name dt1 --restart unless-stopped $IMAGE | wc -c; ${show("{{json .HostConfig.RestartPolicy}} {{.RestartCount}}")}; docker run --rm --restart on-failure:10 $IMAGE true; docker run --restart=always:1 $IMAGE true`,
    "docker run --foo $IMAGE; echo $?; docker run --rm $IMAGE /etc; echo $?; docker run --rm $IMAGE foo; echo $?; docker run --rm $IMAGE sh -c 'exit 3'; echo $?; docker run --rm $IMAGE sh -c 'kill -TERM $$'; echo $?",
    'docker run --rm -d --name dt2 $IMAGE sleep 1000 | wc -c; docker stop -t 0 dt2; until [ -z "$(docker ps -aq --filter name=dt2)" ]; do sleep 0.1; done; echo gone; docker run --name dt3 --rm --restart=no $IMAGE true; until [ -z "$(docker ps -aq --filter name=dt3)" ]; do sleep 0.1; done; echo gone',
  ],
};
