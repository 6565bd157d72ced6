import type { Readable } from "node:stream";
import { GenericContainer, Wait, type StartedTestContainer } from "testcontainers";
import { until } from "../support/until.ts";

/** What testcontainers' own guide does with a container; prints what it saw as JSON, `testcontainers.test.ts` judges. */
const seen: Record<string, unknown> = {};

async function textOf(stream: Readable, isEnough: (text: string) => boolean): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    if (isEnough(text)) break;
  }
  return text;
}

/** A server says that it is ready a little before it listens. */
async function answer(container: StartedTestContainer, path: string): Promise<string> {
  let text = "";
  await until(async () => {
    const asked = fetch(`http://${container.getHost()}:${container.getMappedPort(8080)}/${path}`);
    const response = await asked.catch(() => undefined);
    if (response) text = `${response.status} ${(await response.text()).trim()}`;
    return response !== undefined;
  }, `an answer to ${path}`);
  return text;
}

const serve = "echo begins; sleep 0.2; echo ready; exec httpd -f -p 8080 -h /www";

{
  await using container = await new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", serve])
    .withExposedPorts(8080)
    .withEnvironment({ GREETING: "hello" })
    .withLabels({ tier: "web" })
    .withWorkingDir("/www")
    .withCopyContentToContainer([{ content: "page\n", target: "/www/page", mode: 0o644 }])
    .withWaitStrategy(Wait.forLogMessage("ready"))
    .start();
  seen["served"] = await answer(container, "page");
  const result = await container.exec(["sh", "-c", 'echo "$GREETING $EXTRA in $PWD"; echo err >&2; exit 3'], {
    env: { EXTRA: "you" },
    workingDir: "/tmp",
  });
  seen["exec"] = { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  seen["logs"] = await textOf(await container.logs(), (text) => text.includes("ready\n"));
  await container.copyContentToContainer([{ content: "later\n", target: "/www/later" }]);
  seen["copied"] = await answer(container, "later");
  const archive = await textOf((await container.copyArchiveFromContainer("/www/page")) as Readable, () => false);
  seen["archive"] = archive.includes("page\n");
  await container.restart();
  seen["restarted"] = await answer(container, "page");
  seen["labels"] = container.getLabels()["tier"];
}
{
  await using container = await new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", "sleep 0.2; mkdir /www; exec httpd -f -p 8080 -h /www"])
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  seen["ports"] = (await answer(container, "nothing")).slice(0, 3);
}
{
  await using container = await new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", "sleep 0.2; touch /up; exec sleep 600"])
    .withTmpFs({ "/scratch": "rw" })
    .withUser("root")
    .withWaitStrategy(Wait.forSuccessfulCommand("test -e /up"))
    .start();
  seen["command"] = (await container.exec(["mount"])).output.includes("tmpfs on /scratch");
}
{
  await using container = await new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", "sleep 0.2; touch /up; exec sleep 600"])
    .withHealthCheck({ test: ["CMD-SHELL", "test -e /up"], interval: 100, timeout: 2000, retries: 50 })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  seen["healthy"] = (await container.exec(["test", "-e", "/up"])).exitCode;
}
{
  const failing = new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", "echo broken; exit 5"])
    .withWaitStrategy(Wait.forLogMessage("never").withStartupTimeout(500));
  seen["failed"] = await failing.start().then(
    () => "started",
    (error: unknown) => (error as Error).message,
  );
}
{
  const container = await new GenericContainer("busybox:latest")
    .withCommand(["sh", "-c", "echo once; exit 0"])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  seen["oneShot"] = (await textOf(await container.logs(), (text) => text.includes("once\n"))).trim();
  await container.stop();
}
console.log(JSON.stringify(seen));
