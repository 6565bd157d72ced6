/** Lines of the golden files for which lighter does otherwise than docker (`own/known.txt`), with the reason. */
export const known: ReadonlyMap<string, string> = new Map([
  ["docker container", "the summaries of help are lighter's own"],
  ["docker system", "the summaries of help are lighter's own"],
  ["docker version", "the client is another"],
  ["docker version --format json", "the client is another"],
  ["docker info", "the client is another, and knows newer fields"],
  ["docker info --format json", "the client is another"],
  [
    "docker info --format '{{.OSType}} {{.NCPU}} {{.MemTotal}} {{.Driver}} {{.ServerErrors}} {{.ClientInfo.Debug}} {{.Runtimes}}'",
    "structs of info are printed as the maps they came as",
  ],
  ["docker -H unix:///nope/x.sock ps", "says how lighter's engine is started"],
  ["docker -H unix:///nope/x.sock info", "says how lighter's engine is started"],
  ["docker -H unix:///nope/x.sock version", "says how lighter's engine is started"],
  ["docker -H nope:x ps", "the address is not parsed by Go"],
  ["docker create --security-opt seccomp=seccomp-bad.json busybox", "the JSON is not parsed by Go"],
  ["docker create --use-api-socket busybox", "an experiment of docker 28 that hands the engine to the container"],
  [
    `docker inspect -f '{{printf "%.3s %d %5.1f %t %x" .Id .State.Pid 1.25 .State.Running "hi"}}' created`,
    "a number is a number, not Go's text of one",
  ],
]);
