import Dockerode from "dockerode";

/** Drives dockerode against the socket of its argument and prints what it saw as JSON; `api.test.ts` judges. */
const client = new Dockerode({ socketPath: process.argv[2] ?? "" });

async function exec(): Promise<{ readonly bytes: string; readonly exitCode: number | null }> {
  const created = await client.getContainer("web").exec({ Cmd: ["cat"], AttachStdin: true, AttachStdout: true });
  const bytes = await talk(await created.start({ hijack: true, stdin: true }));
  return { bytes, exitCode: (await created.inspect()).ExitCode };
}

async function attach(): Promise<string> {
  const options = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
  return talk(await client.getContainer("tty").attach(options));
}

async function talk(session: NodeJS.ReadWriteStream): Promise<string> {
  const output = Array.fromAsync(session as AsyncIterable<Buffer>);
  session.end("hi");
  return Buffer.concat(await output).toString("latin1");
}

async function status(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 200,
    (error: unknown) => (error as { readonly statusCode?: number }).statusCode,
  );
}

const seen = {
  exec: await exec(),
  attach: await attach(),
  start: await status(client.getContainer("web").start()),
  inspect: await status(client.getContainer("nope").inspect()),
  commit: await status(client.getContainer("web").commit()),
  list: await client.listContainers({ filters: { label: ["a=b"] } }),
  wait: (await client.getContainer("web").wait()) as unknown,
};
console.log(JSON.stringify(seen));
