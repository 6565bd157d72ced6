import type { Cases } from "./case.ts";

const json = "docker run --log-driver json-file";

/** Options of log drivers, what they refuse and when, and what `logs` makes of odd output. */
export const cases: Cases = {
  refused:
    "local nope=1,json-file nope=1,json-file mode=x,json-file max-buffer-size=1m,json-file cache-disabled=x,local tag=x,nope x=1,none x=1,syslog nope=1,syslog syslog-address=foo,syslog syslog-address=http://x,syslog syslog-facility=nope,syslog syslog-format=nope,fluentd nope=1,fluentd fluentd-address=foo://x,fluentd fluentd-address=unix://,fluentd fluentd-retry-wait=x,fluentd fluentd-max-retries=x,fluentd fluentd-async=x,journald nope=1"
      .split(",")
      .map((text) => {
        const [driver, option] = text.split(" ");
        return `docker create --log-driver ${driver} --log-opt ${option} $IMAGE`;
      }),
  "refused at start": [
    ..."json-file max-size=x,json-file max-size=1k --log-opt max-file=-1,json-file compress=true,local max-file=0,local max-size=-1,json-file tag={{.Nope}},json-file labels-regex=["
      .split(",")
      .map((text) => {
        const [driver = "", ...options] = text.split(" ");
        return `docker run --name dt1 --log-driver ${driver} --log-opt ${options.join(" ")} $IMAGE true; docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' dt1; docker rm dt1`;
      }),
    "docker run --name dt2 --log-driver fluentd --log-opt fluentd-address=127.0.0.1:1 $IMAGE true; docker inspect -f '{{.State.ExitCode}}' dt2",
    "docker run --name dt3 --log-driver syslog --log-opt syslog-address=tcp://127.0.0.1:1 $IMAGE true",
  ],
  attributes: [
    `${json} --name dt1 -l a=b -l c=d -e X=y -e 'Y=z z' --log-opt labels=a,c --log-opt env=X,Y --log-opt tag={{.Name}} $IMAGE seq 2; docker logs --details dt1`,
    `${json} --name dt2 -l app.one=1 -l other=2 -e FOO=1 -e BAR=2 --log-opt labels-regex=^app --log-opt env-regex=^F $IMAGE seq 1; docker logs --details dt2`,
    `${json} --name dt3 --log-opt tag='{{.ImageName}}|{{.Command}}|{{upper .Name}}' $IMAGE echo x; docker logs --details dt3`,
    "docker inspect -f '{{json .HostConfig.LogConfig}}' dt3",
    `${json} --name dt4 $IMAGE seq 1; docker logs --details dt4 | od -c`,
  ],
  output: [
    `${json} --name dt1 $IMAGE sh -c 'printf foo; sleep .1; printf bar >&2; sleep .1; printf "a\\nb"'; docker logs dt1 2>/dev/null | od -c; docker logs dt1 2>&1 >/dev/null | od -c`,
    `${json} --name dt2 $IMAGE sh -c 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo end'; docker logs dt2 | md5sum; docker logs --tail 1 dt2`,
    `${json} --name dt3 $IMAGE sh -c 'printf "\\r\\n\\t\\033[1mx\\n\\n\\nü"'; docker logs dt3 | od -c`,
    `${json} --name dt4 -t $IMAGE sh -c 'echo a; echo b >&2; printf c'; docker logs dt4 | od -c`,
    `${json} --name dt5 $IMAGE true; docker logs dt5; docker logs -f dt5; docker logs --tail 5 dt5`,
    "docker run --name dt6 --log-driver none $IMAGE echo hi; docker logs dt6; docker logs -f dt6",
    "docker create --name dt7 --log-driver none $IMAGE; docker logs dt7",
    `${json} -d --name dt8 $IMAGE sh -c 'echo one; sleep 1' >/dev/null; (sleep .3; docker restart -t 0 dt8 >/dev/null) & docker logs -f dt8; wait; docker wait dt8; docker logs dt8`,
    `${json} --name dt9 $IMAGE sh -c 'echo 1; sleep 1; echo 2; sleep 1; echo 3'; docker logs --since 10m dt9; docker logs --until 10m dt9; docker logs --since 1500ms dt9; docker logs --until 1500ms dt9; docker logs --since 10m --tail 1 dt9`,
  ],
};
