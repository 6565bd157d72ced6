/**
 * Images travel both ways between a Docker Engine and lighter: what one saves the other loads, and it runs the same.
 *   LIGHTER_PEER_HOST   unix:// address of a Docker Engine; without it nothing is tried
 *   LIGHTER_TEST_BINARY our program, by default the source
 * Run it with Bun as root; it ends with 1 when something differs.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon } from "../support/daemon.ts";
import { openSandbox } from "../support/sandbox.ts";

const peer = process.env["LIGHTER_PEER_HOST"];
if (peer === undefined || peer === "") {
  console.log("skipped: LIGHTER_PEER_HOST names no Docker Engine");
  process.exit(0);
}

const dockerfile = `FROM lighter-exchange:base
LABEL one="with \\"quotes\\"" two=
ENV A=b PATH=/opt:$PATH
RUN mkdir -p /opt/dir && echo gone > /opt/gone && ln -s ../bin/sh /opt/link && echo hard > /opt/a && ln /opt/a /opt/b
RUN rm /opt/gone && chown 1000:1001 /opt/a && chmod 4755 /opt/a && mkdir /opt/dir/deep && rm -r /etc/group
WORKDIR /opt/dir
USER 1000:1001
EXPOSE 80/tcp 53/udp
VOLUME /data
STOPSIGNAL SIGUSR1
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["ls -lnR /opt | grep -v total; ls /etc; id; pwd; env | grep -v HOSTNAME | sort"]
`;
const shape =
  "{{json .Config.Env}} {{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.Labels}} {{json .Config.ExposedPorts}} {{json .Config.Volumes}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.StopSignal}} {{json .RootFS.Layers}} {{.Id}}";

type Engine = "docker" | "lighter";
const failures: string[] = [];

await using box = await openSandbox();
await using stack = new AsyncDisposableStack();
stack.use(await startDaemon(box));
const hosts: Readonly<Record<Engine, string>> = { docker: peer, lighter: box.host };

function docker(engine: Engine, args: readonly string[], stdin?: Uint8Array): Buffer {
  const config = join(box.root, "docker");
  mkdirSync(config, { recursive: true });
  const env = {
    PATH: process.env["PATH"] ?? "",
    DOCKER_HOST: hosts[engine],
    DOCKER_CONFIG: config,
    DOCKER_BUILDKIT: "0",
  };
  const { exitCode, stdout, stderr } = Bun.spawnSync(["docker", ...args], { env, stdin: stdin ?? "ignore" });
  if (exitCode !== 0) throw new Error(`${engine}: docker ${args.join(" ")}: ${exitCode}: ${stderr.toString()}`);
  return stdout;
}

function compare(what: string, a: unknown, b: unknown): void {
  const same = String(a) === String(b);
  console.log(`${same ? "ok  " : "FAIL"} ${what}`);
  if (!same) failures.push(`${what}:\n  ${String(a)}\n  ${String(b)}`);
}

const facts = (engine: Engine, name: string): string =>
  `${docker(engine, ["image", "inspect", "-f", shape, name]).toString()}${docker(engine, ["run", "--rm", "--network", "none", name]).toString()}`;
// Without sizes: ours are what the disk holds, Docker's the sum of the files' lengths.
const history = (engine: Engine, name: string): string =>
  docker(engine, ["history", "--no-trunc", "--format", "{{.CreatedBy}}", name]).toString();

/** Builds on one engine, carries it to the other, and back. */
function exchange(from: Engine, to: Engine): void {
  const name = `lighter-exchange:from-${from}`;
  const { rootTar } = image;
  docker(from, ["import", rootTar, "lighter-exchange:base"]);
  docker(from, ["build", "--force-rm", "-q", "-t", name, "-"], Buffer.from(dockerfile));
  docker(from, ["tag", name, `${name}-2`]);
  const before = facts(from, name);
  const saved = docker(from, ["save", name, `${name}-2`]);
  docker(to, ["load"], saved);
  compare(`${from} → ${to}: config, layers, id and what it prints`, before, facts(to, name));
  compare(
    `${from} → ${to}: the second tag`,
    docker(from, ["images", "-q", `${name}-2`]),
    docker(to, ["images", "-q", `${name}-2`]),
  );
  compare(`${from} → ${to}: history`, history(from, name), history(to, name));
  const back = docker(to, ["save", name]);
  docker(from, ["rmi", "-f", name, `${name}-2`, "lighter-exchange:base"]);
  docker(from, ["load"], back);
  compare(`${from} → ${to} → ${from}: and back`, before, facts(from, name));
}

const image = await busyboxImage();
const steps: readonly (readonly [Engine, Engine])[] = [
  ["docker", "lighter"],
  ["lighter", "docker"],
];
try {
  for (const [from, to] of steps) exchange(from, to);
} finally {
  for (const engine of ["docker", "lighter"] as const) {
    const names = docker(engine, ["images", "--format", "{{.Repository}}:{{.Tag}}", "lighter-exchange"])
      .toString()
      .trim();
    if (names !== "") docker(engine, ["rmi", "-f", ...names.split("\n")]);
  }
}
if (failures.length > 0) console.error(failures.join("\n"));
process.exitCode = failures.length > 0 ? 1 : 0;
