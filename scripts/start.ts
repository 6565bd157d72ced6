/**
 * The tour of `npm start`: an engine in a temporary root with its own bridge and subnet, a base image of this machine's busybox,
 * `examples/hello` built and run, its page fetched. Prints each command with its real output; leaves nothing, whatever happens.
 */
import { join, resolve } from "node:path";
import { startDaemon } from "../test/support/daemon.ts";
import { openSandbox, type Sandbox } from "../test/support/sandbox.ts";

const project = resolve(import.meta.dirname, "..");
const binary = join(project, "dist/lighter");

/** An interrupt ends the step that runs; the tour then fails and cleans up like after any failure. */
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
}

class StepFailed extends Error {}

async function tour(): Promise<void> {
  const box = await openSandbox();
  try {
    await steps(box);
  } finally {
    await box[Symbol.asyncDispose]();
  }
  const left = box.leftovers();
  if (left.length > 0) throw new StepFailed(`left behind:\n  ${left.join("\n  ")}`);
}

async function steps(box: Sandbox): Promise<void> {
  await using daemon = await startDaemon(box, { binary });
  console.log(`engine ready: process ${daemon.pid}, bridge ${box.bridge}, subnet ${box.subnet}`);

  const lighter = async (...args: string[]): Promise<string> => {
    console.log(`\n$ lighter ${args.map(quote).join(" ")}`);
    const child = Bun.spawn([binary, ...args], {
      cwd: project,
      env: { PATH: process.env["PATH"] ?? "", HOME: box.root, DOCKER_HOST: box.host },
      stdio: ["ignore", "pipe", "inherit"],
      signal: interrupt.signal,
    });
    const [output, code] = await Promise.all([echo(child.stdout), child.exited]);
    interrupt.signal.throwIfAborted();
    if (code !== 0) throw new StepFailed(`lighter ${args.join(" ")}: exit code ${code}\n${daemon.log()}`);
    return output.trim();
  };

  await lighter("version");
  await lighter("image", "bootstrap", "busybox");
  await lighter("build", "-t", "hello", "examples/hello");
  await lighter("images");
  await lighter("run", "-d", "--name", "hello", "hello");
  const address = await lighter("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "hello");
  await fetchPage(`http://${address}:8080/`);
  await lighter("ps");
  await lighter("exec", "hello", "ps");
  await lighter("logs", "hello");
  await lighter("stop", "-t", "2", "hello");
  await lighter("rm", "hello");
  await lighter("rmi", "hello");
}

async function echo(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    process.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** The server inside needs a moment after `run` has answered: a refused connection is tried again, nothing else is. */
async function fetchPage(url: string): Promise<void> {
  console.log(`\n$ curl ${url}`);
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000), keepalive: false });
      const page = await response.text();
      console.log(page.trim());
      if (response.status !== 200 || !page.includes("Hello from a lighter"))
        throw new StepFailed(`${url}: not the page`);
      return;
    } catch (error) {
      interrupt.signal.throwIfAborted();
      if (error instanceof StepFailed || performance.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}

function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word}'`;
}

const started = performance.now();
try {
  await tour();
  console.log(`\ndone in ${((performance.now() - started) / 1000).toFixed(1)} s; nothing is left behind`);
} catch (error) {
  console.error(`\nfailed: ${error instanceof Error ? error.message : JSON.stringify(error)}`);
  process.exitCode = 1;
}
