/** Differences that stand, each with its reason; a line is named whole, or by a pattern. */
export const known: readonly { readonly line: string | RegExp; readonly reason: string }[] = [
  { line: /docker run (?:.* )?--log-opt nope/, reason: "the default driver is `local`, as Docker advises" },
  { line: "docker inspect dt1", reason: "paths of the engine, its runtime, and a cgroup namespace of its own on v1" },
  {
    line: /docker inspect nope|docker inspect dt1 \| head|docker wait dt1; docker inspect/,
    reason: "later CLIs say `error: no such object`",
  },
  { line: /ls (?:-l )?\/dev\b/, reason: "crun links /dev/core, as runc of the time did" },
  { line: /--cpus 0\.001 \$IMAGE/, reason: "crun's words for what the kernel refuses" },
  { line: /docker run --rm -c 1 /, reason: "crun raises it to the kernel's least, 2" },
  { line: /--dns/, reason: "no comments in resolv.conf" },
  { line: /-u 1001 \$IMAGE id/, reason: "a group that is in the list once is in the list once" },
  { line: /docker run --rm -v (?::|x:\/m) /, reason: "Docker's CLI takes one letter for a Windows drive" },
  { line: /-v \/etc\/plain \$IMAGE/, reason: "the path of the image, not of the engine" },
  { line: /volume ls .*--format json/, reason: "the engine's data root" },
  {
    line: /TARGETPLATFORM|--target 0|COPY --chmod|COPY <<E|docker build -f - -/,
    reason: "BuildKit's language, as people write it",
  },
  { line: /nosuchimage|--from=nope|127\.0\.0\.1:1\/x/, reason: "how the network says no" },
  { line: /manifest\.json/, reason: "keys of JSON in another order, no line feed behind it" },
  { line: /truncate \.ID|\| od -c/, reason: "part of an id" },
  { line: /--filter name=dt2 --format '\{\{\.Mounts/, reason: "the peer's name of the directory, and part of an id" },
  { line: /-P --expose|-p 18091/, reason: "published on IPv4 alone" },
  {
    line: /docker load <a\.tar\.gz|docker load <\/dev\/null/,
    reason: "xz is built in; what is no archive is told without paths",
  },
  { line: /docker export dt1 \| tar -tv/, reason: "crun makes mount points sticky" },
  { line: /-H unix:\/\/\/nope\.sock/, reason: "says how lighter is started" },
  { line: /^docker (?:container rm nope|nope; docker --nope|help run)/, reason: "help in our own words" },
];
