interface Known {
  /** A line named whole, or a pattern. */
  readonly line: string | RegExp;
  readonly reason: string;
}

/** Raw requests. */
const requests: readonly Known[] = [
  {
    line: /\/v1\.(?:0|23)\/|\/v1\/|containers\/nope\/attach\?/,
    reason: "every error is JSON; a version has two numbers",
  },
  {
    line: /[?&](?:limit|since|until|t)=x'|"Binds":|"DetachKeys":"nope-x"|dt1\/unpause'/,
    reason: "what the request is to blame for is 400 or 409; Docker says 500",
  },
  {
    line: /"(?:UsernsMode|DeviceRequests|Ulimits|Volumes)":|\{"Image":""\}|ltdiff\/tag'|images\/load x/,
    reason: "refused at once; Docker takes it, and fails when the container starts, or not at all",
  },
  { line: /one-shot=1/, reason: "says which container it is of" },
  {
    line: /^\. \.\/e; .*(?:AttachStdout|"sleep")/,
    reason: "framed without an upgrade too; refused before the stream begins",
  },
  { line: /api GET '(?:\/v1\.\d+)?\/info'/, reason: "no containerd, and no CDI" },
];

/** What an engine with crun and files of its own looks like. */
const engine: readonly Known[] = [
  { line: "docker inspect dt1", reason: "paths of the engine, its runtime, and a cgroup namespace of its own on v1" },
  {
    line: /^docker info --format '\{\{\.OSType/,
    reason: "crun is the default runtime, and containers outlive the daemon",
  },
  { line: /ls (?:-l )?\/dev\b/, reason: "crun links /dev/core, as runc of the time did" },
  {
    line: /--cpus 0\.001 \$IMAGE|--cpu-rt-runtime|net\.ipv4\.nope|b\/f:\/data/,
    reason: "crun's words for what the kernel refuses",
  },
  { line: /docker run --rm -c 1 /, reason: "crun raises it to the kernel's least, 2" },
  { line: /docker export dt1 \| tar -tv/, reason: "crun makes mount points sticky" },
  { line: /cut -d" " -f2-3 \/proc\/mounts/, reason: "crun masks files with the host's /dev/null" },
  {
    line: /images\/ltdiff\/json|^docker image inspect \$IMAGE$/,
    reason: "an image lies in no single directory; its size is what the disk holds",
  },
  { line: /\.SizeRw|json\?size=1|ps -as /, reason: "sizes are what the disk holds: an empty directory too" },
  { line: /volume ls .*--format json|--filter name=dt2 --format '\{\{\.Mounts/, reason: "the engine's data root" },
  { line: /:rslave \$IMAGE/, reason: "the peer's mounts are private" },
  { line: /nofile=-1/, reason: "limits that the host refuses are lowered, with a warning" },
];

const texts: readonly Known[] = [
  {
    line: /docker inspect nope|docker inspect dt1 \| head|docker wait dt1; docker inspect/,
    reason: "later CLIs say `error: no such object`",
  },
  { line: /--dns/, reason: "no comments in resolv.conf" },
  { line: /-u 1001 \$IMAGE id/, reason: "a group that is in the list once is in the list once" },
  { line: /docker run --rm -v (?::|x:\/m) /, reason: "Docker's CLI takes one letter for a Windows drive" },
  { line: /-v \/etc\/plain \$IMAGE|COPY d \/etc\/plain/, reason: "the path of the image, not of the engine" },
  { line: /docker events --since nope/, reason: "a filter that is none is refused, not ignored" },
  {
    line: /--stop-signal 99|seccomp=p/,
    reason: "a signal that is none, and a profile without default action, are refused",
  },
  { line: /docker network rm bridge/, reason: "no `exit status 1` behind the reasons" },
  {
    line: /TARGETPLATFORM|--target 0|COPY --chmod|COPY <<E|docker build -f - -/,
    reason: "BuildKit's language, as people write it",
  },
  { line: /--squash|printf '\[/, reason: "the engine says so itself; the pattern is named" },
  { line: /json \.Config\}\} \{\{\.Author/, reason: "fields in the order in which the engine sends them" },
  { line: /--detach-keys nope-x/, reason: "says what is wrong with the keys" },
  { line: /nosuchimage|--from=nope|127\.0\.0\.1:1\/x|--volume-driver nope/, reason: "how the network says no" },
  { line: /manifest\.json/, reason: "keys of JSON in another order, no line feed behind it" },
  { line: /truncate \.ID|\| od -c/, reason: "part of an id" },
  { line: /-P --expose|-p 18091/, reason: "published on IPv4 alone" },
  {
    line: /docker load <a\.tar\.gz|docker load <\/dev\/null/,
    reason: "xz is built in; what is no archive is told without paths",
  },
  { line: /-H unix:\/\/\/nope\.sock/, reason: "says how lighter is started" },
  { line: /--log-driver gelf/, reason: "drivers that are not there are not asked what they miss" },
  { line: /^docker (?:container rm nope|nope; docker --nope|help run)/, reason: "help in our own words" },
];

/** Differences that stand, each with its reason. */
export const known: readonly Known[] = [...requests, ...engine, ...texts];
