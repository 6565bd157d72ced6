import type { Cases } from "./case.ts";

/** Waits, at most 12 s, until `docker inspect` says this of the container dr1. */
const until = (format: string, value: string): string =>
  `for i in $(seq 240); do [ "$(docker inspect -f '${format}' dr1)" = '${value}' ] && break; sleep 0.05; done`;
/** Whole seconds are all that the client sends of `0s`. */
const events =
  "sleep 1.1; docker events --since 1m --until 0s --filter container=$(docker inspect -f '{{.Id}}' dr1) --filter type=container --format '{{.Action}}' | grep -v '^exec'";
const remove = "docker rm -f dr1 >/dev/null";

/** Restart policies and health checks. Only well-formed checks: a `CMD` without a command ends Docker 28.5 itself. */
export const cases: Cases = {
  policies: [
    "docker create --restart foo $IMAGE",
    "docker create --restart always:3 $IMAGE",
    "docker create --restart on-failure:-1 $IMAGE",
    "docker create --restart on-failure:x $IMAGE",
    "docker create --restart :3 $IMAGE",
    "docker create --restart no:1 $IMAGE",
    "docker run --rm --restart always $IMAGE true",
    "docker create --name dr1 --restart on-failure:3 $IMAGE; docker inspect -f '{{json .HostConfig.RestartPolicy}}' dr1",
    remove,
  ],
  retries: [
    "docker run --name dr1 --restart on-failure:2 $IMAGE sh -c 'echo x; exit 4'; echo $?",
    until("{{.State.Status}}", "exited"),
    "docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{.State.Running}}' dr1; docker logs dr1",
    events,
    remove,
    "docker run --name dr1 --restart on-failure $IMAGE true; docker inspect -f '{{.State.Status}} {{.RestartCount}}' dr1",
    remove,
    "docker run --name dr1 --restart always $IMAGE nosuch; docker inspect -f '{{.State.Status}} {{.RestartCount}}' dr1",
    remove,
  ],
  waiting: [
    "docker run -d --name dr1 --restart always $IMAGE sh -c 'exit 3'",
    until("{{.RestartCount}} {{.State.Status}}", "6 restarting"),
    "docker ps --filter name=dr1 --format '{{.State}} {{.Status}}'; docker ps -q --filter status=running --filter name=dr1",
    "docker inspect -f '{{.State.Running}} {{.State.Restarting}} {{.State.Pid}} {{.State.ExitCode}} {{.RestartCount}}' dr1",
    "docker exec dr1 true",
    "docker pause dr1",
    "docker unpause dr1",
    "docker top dr1",
    "docker rm dr1",
    "docker start dr1",
    "docker stop dr1; docker inspect -f '{{.State.Status}} {{.State.Restarting}}' dr1",
    `${events} | tail -1`,
    "docker start dr1; docker kill dr1 >/dev/null; docker inspect -f '{{.State.Status}}' dr1",
    remove,
  ],
  manual: [
    "docker run -d --name dr1 --restart always $IMAGE sh -c 'trap \"exit 5\" USR1; while :; do sleep 0.1; done'",
    "sleep 0.5; docker kill -s USR1 dr1; docker wait dr1; docker inspect -f '{{.State.Status}} {{.RestartCount}}' dr1",
    "docker restart -t 0 dr1; docker stop -t 0 dr1; docker inspect -f '{{.State.Status}} {{.RestartCount}}' dr1",
    "docker update --restart no dr1; docker inspect -f '{{json .HostConfig.RestartPolicy}}' dr1",
    remove,
  ],
  health: [
    "docker create --health-cmd x --health-interval 1us $IMAGE",
    "docker create --health-cmd x --health-timeout 1us $IMAGE",
    "docker create --health-cmd x --health-start-period 1us $IMAGE",
    "docker create --health-cmd x --health-start-interval 1us $IMAGE",
    "docker create --health-cmd x --health-retries -1 $IMAGE",
    "docker create --health-cmd x --health-interval -1s $IMAGE",
    "docker create --health-cmd x --no-healthcheck $IMAGE",
    "docker ps --filter health=nope",
    "docker run -d --name dr1 --health-cmd 'echo out; echo err >&2; test -e /well' --health-interval 200ms --health-retries 2 $IMAGE sleep 1000",
    "docker inspect -f '{{json .Config.Healthcheck}}' dr1",
    until("{{.State.Health.Status}}", "unhealthy"),
    "docker ps --filter name=dr1 --format '{{.Status}}'; docker ps -q --filter health=healthy --filter name=dr1",
    "docker exec dr1 touch /well",
    until("{{.State.Health.Status}}", "healthy"),
    "docker ps --filter name=dr1 --format '{{.Status}}'; docker inspect -f '{{.State.Health.FailingStreak}} {{json (index .State.Health.Log 0).ExitCode}}' dr1",
    events,
    "docker pause dr1; docker ps --filter name=dr1 --format '{{.Status}}'; docker ps -q --filter health=healthy --filter name=dr1; docker unpause dr1; docker stop -t 0 dr1; docker inspect -f '{{.State.Health.Status}}' dr1",
    remove,
  ],
  probes: [
    "docker run -d --name dr1 --health-cmd 'echo out; sleep 10' --health-timeout 300ms --health-interval 200ms --health-retries 1 $IMAGE sleep 1000",
    until("{{.State.Health.Status}}", "unhealthy"),
    "docker inspect -f '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}' dr1",
    remove,
    "docker run -d --name dr1 --health-cmd 'id; pwd; echo $A; exit 7' -e A=b -u 1000 -w /tmp --health-interval 200ms --health-retries 1 $IMAGE sleep 1000",
    until("{{.State.Health.Status}}", "unhealthy"),
    "docker inspect -f '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}' dr1",
    remove,
    "docker run -d --name dr1 --health-cmd 'yes | head -c 9000' --health-interval 200ms $IMAGE sleep 1000",
    until("{{.State.Health.Status}}", "healthy"),
    "docker inspect -f '{{with index .State.Health.Log 0}}{{.ExitCode}} {{len .Output}} {{.Output}}{{end}}' dr1 | tail -c 10",
    remove,
    "docker run -d --name dr1 --no-healthcheck $IMAGE sleep 1000; docker inspect -f '{{json .State.Health}} {{json .Config.Healthcheck}}' dr1",
    remove,
  ],
};
