import { PassThrough, Readable } from "node:stream";
import Dockerode from "dockerode";

/** Lives through a container with dockerode and prints what it saw as JSON; `dockerode.test.ts` judges. */
const client = new Dockerode({ socketPath: process.argv[2] ?? "" });

class Sink extends PassThrough {
  text = "";
  constructor() {
    super();
    this.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
  }
}

async function ended(stream: NodeJS.ReadableStream): Promise<void> {
  await new Promise((resolve, reject) => stream.on("end", resolve).on("close", resolve).on("error", reject));
}

async function read(stream: NodeJS.ReadableStream): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  client.modem.demuxStream(stream, stdout, stderr);
  await ended(stream);
  return { stdout: stdout.text, stderr: stderr.text };
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => 204,
    (error: unknown) => (error as { readonly statusCode: number }).statusCode,
  );
}

const events: string[] = [];
const eventStream = await client.getEvents({ filters: { type: ["container"], container: ["life"] } });
const destroyed = new Promise<void>((resolve) => {
  eventStream.on("data", (chunk: Buffer) => {
    for (const line of chunk
      .toString()
      .split("\n")
      .filter((text) => text.trim() !== "")) {
      const { Action } = JSON.parse(line) as { Action: string };
      events.push(Action);
      if (Action === "destroy") resolve();
    }
  });
});

const life = await client.createContainer({
  name: "life",
  Image: "busybox",
  Cmd: ["sh", "-c", 'read line; echo "out: $line"; echo err >&2; exit 4'],
  OpenStdin: true,
  StdinOnce: true,
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
});
const session = await life.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true });
const attached = read(session);
const waiting = life.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
await life.start();
session.write("typed\n");
const heard = await attached;
await life.wait({ condition: "not-running" });
const { State } = await life.inspect();
const logs = new Sink();
client.modem.demuxStream(Readable.from([await life.logs({ stdout: true })]), logs, new Sink());
await new Promise((resolve) => setImmediate(resolve));
await life.remove();
await destroyed;
(eventStream as Readable).destroy();

const up = await client.createContainer({
  name: "life-up",
  Image: "busybox",
  Cmd: ["sleep", "600"],
  Labels: { a: "b" },
});
await up.start();
const exec = await up.exec({
  Cmd: ["sh", "-c", "cat; exit 6"],
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
});
const execSession = await exec.start({ hijack: true, stdin: true });
const execHeard = read(execSession);
execSession.end("in the box\n");
const execOutput = (await execHeard).stdout;
const execExit = (await exec.inspect()).ExitCode;
const listed = (await client.listContainers({ filters: { label: ["a=b"] } })).flatMap(({ Names }) => Names);
const stopped = await statusOf(up.stop({ t: 0 }));
const again = await statusOf(up.stop({ t: 0 }));
await up.remove({ v: true });

const context = await dockerfileContext('FROM busybox\nRUN echo built > /made\nCMD ["cat", "/made"]\n');
const progress = await client.buildImage(Readable.from([context]), { t: "life-built" });
const steps = await new Promise<{ stream?: string }[]>((resolve, reject) => {
  client.modem.followProgress(progress, (error, output: { stream?: string }[]) =>
    error ? reject(error) : resolve(output),
  );
});
const ran = new Sink();
const [result, container] = (await client.run("life-built", [], ran)) as [{ StatusCode: number }, Dockerode.Container];
void result;
await container.remove();
await client.getImage("life-built").remove();

console.log(
  JSON.stringify({
    attached: heard,
    waited: (await waiting).StatusCode,
    logs: logs.text,
    state: { Status: State.Status, ExitCode: State.ExitCode },
    exec: { output: execOutput, exitCode: execExit },
    listed,
    built: steps.map(({ stream }) => stream?.trim()).findLast((text) => text?.startsWith("Successfully tagged")),
    ran: ran.text.replaceAll("\r", ""),
    stopped,
    again,
    missing: await statusOf(client.getContainer("life").inspect()),
    events,
    left: (await client.listContainers({ all: true })).length,
  }),
);

/** A tar of this one file. */
async function dockerfileContext(text: string): Promise<Buffer> {
  return Buffer.from(await new Bun.Archive({ Dockerfile: text }).bytes());
}
