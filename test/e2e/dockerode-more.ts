import { PassThrough, type Readable } from "node:stream";
import Dockerode from "dockerode";

/** More of a container with dockerode: following, statistics, archives, waits, a terminal; prints what it saw as JSON. */
const client = new Dockerode({ socketPath: process.argv[2] ?? "" });
const seen: Record<string, unknown> = {};

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

async function demuxed(stream: NodeJS.ReadableStream): Promise<{ readonly out: string; readonly err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  client.modem.demuxStream(stream, out, err);
  stream.on("end", () => {
    out.end();
    err.end();
  });
  const [outText, errText] = await Promise.all([readAll(out), readAll(err)]);
  return { out: outText.toString(), err: errText.toString() };
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => 200,
    (error: unknown) => (error as { readonly statusCode: number }).statusCode,
  );
}

const ticks = 'for i in 1 2 3; do echo "tick $i"; echo "err $i" >&2; sleep 0.1; done';
const following = await client.createContainer({ Image: "busybox", Cmd: ["sh", "-c", ticks], name: "more-follow" });
await following.start();
seen["followed"] = await demuxed(await following.logs({ follow: true, stdout: true, stderr: true }));
const last = await demuxed(await following.logs({ follow: true, stdout: true, stderr: true, tail: 1 }));
seen["tail"] = `${last.out}${last.err}`.split("\n").length - 1;

const gone = await client.createContainer({
  Image: "busybox",
  Cmd: ["sh", "-c", "exit 6"],
  HostConfig: { AutoRemove: true },
});
const [removed, next] = [gone.wait({ condition: "removed" }), gone.wait({ condition: "next-exit" })];
await gone.start();
seen["waits"] = (await Promise.all([removed, next])).map((result: { StatusCode: number }) => result.StatusCode);
seen["notRunning"] = ((await following.wait({ condition: "not-running" })) as { StatusCode: number }).StatusCode;
await following.remove();

const up = await client.createContainer({ Image: "busybox", Cmd: ["sleep", "600"], name: "more-up" });
const tar = await new Bun.Archive({ "in.txt": "put\n", "dir/deep.txt": "deep\n" }).bytes();
await up.putArchive(Buffer.from(tar), { path: "/tmp" });
await up.start();
seen["archive"] = Object.fromEntries(
  await Promise.all(
    [...(await new Bun.Archive(await readAll(await up.getArchive({ path: "/tmp/dir" }))).files())].map(
      async ([path, file]) => [path, await file.text()],
    ),
  ),
);
const told = (await up.infoArchive({ path: "/tmp/in.txt" })) as Readable & { readonly headers: Record<string, string> };
told.resume();
const stat = Buffer.from(told.headers["x-docker-container-path-stat"] ?? "", "base64");
seen["stat"] = { size: (JSON.parse(stat.toString()) as { size: number }).size };
seen["missing"] = await statusOf(up.getArchive({ path: "/nope" }));
seen["changes"] = ((await up.changes()) as { Path: string; Kind: number }[]).find(({ Path }) => Path === "/tmp/in.txt");

const once = await up.stats({ stream: false });
seen["stats"] = { pids: once.pids_stats?.current, hasTime: once.cpu_stats.cpu_usage.total_usage > 0 };
const stream = (await up.stats({ stream: true })) as unknown as Readable;
for await (const chunk of stream) {
  seen["streamed"] = (JSON.parse(String(chunk).split("\n", 1)[0] ?? "{}") as { name: string }).name;
  break;
}
const top = (await up.top()) as { Titles: string[]; Processes: string[][] };
seen["top"] = top.Processes.map((row) => row[top.Titles.indexOf("CMD")]);

const exec = await up.exec({ Cmd: ["sh", "-c", "tty; stty size"], Tty: true, AttachStdout: true, AttachStdin: true });
const session = await exec.start({ hijack: true, stdin: true, Tty: true, ConsoleSize: [30, 100] } as object);
seen["tty"] = (await readAll(session)).toString().replaceAll("\r", "").trim().split("\n");
session.end();
seen["execInspect"] = await exec.inspect().then(({ ExitCode, Running }) => ({ ExitCode, Running }));
seen["pause"] = [await statusOf(up.pause()), await statusOf(up.pause()), await statusOf(up.unpause())];
seen["rename"] = [await statusOf(up.rename({ name: "more-new" })), (await up.inspect()).Name];
seen["resize"] = await statusOf(up.resize({ h: 10, w: 20 }));
seen["kill"] = await statusOf(up.kill({ signal: "SIGNOPE" }));
seen["removeRunning"] = await statusOf(up.remove());
await up.remove({ force: true });
seen["events"] = (
  await readAll(
    await client.getEvents({ since: 1, until: Math.ceil(Date.now() / 1000), filters: { container: ["more-new"] } }),
  )
)
  .toString()
  .trim()
  .split("\n")
  .map((line) => (JSON.parse(line) as { status: string }).status);
const pruned = await client.createContainer({ Image: "busybox", Labels: { more: "prune" } });
const { ContainersDeleted } = await client.pruneContainers({ filters: { label: ["more=prune"] } });
seen["pruned"] = ContainersDeleted?.length === 1 && ContainersDeleted[0] === pruned.id;
seen["left"] = (await client.listContainers({ all: true })).length;
console.log(JSON.stringify(seen));
