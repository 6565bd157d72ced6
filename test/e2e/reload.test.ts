import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDaemon } from "../support/daemon.ts";
import { openSandbox } from "../support/sandbox.ts";
import { until } from "../support/until.ts";

test.skipIf(process.getuid?.() !== 0)("SIGHUP reads debug and labels again, and tells who listens", async () => {
  await using box = await openSandbox();
  const file = join(box.root, "daemon.json");
  const write = (content: object): void => writeFileSync(file, JSON.stringify(content));
  write({ labels: ["one=1"] });
  await using daemon = await startDaemon(box, { extraArgs: ["--config-file", file, "--dns", "192.0.2.1"] });
  const shown = async (): Promise<string> =>
    (await daemon.docker(["info", "-f", "{{.Debug}} {{json .Labels}}"])).stdout.trim();
  const signal = (): true => process.kill(daemon.pid, "SIGHUP");
  const refused = async (content: object, why: string): Promise<void> => {
    write(content);
    signal();
    await until(() => daemon.log().includes(why), "the refusal");
    expect(await shown()).toBe('true ["two=2"]');
  };
  expect(await shown()).toBe('false ["one=1"]');

  write({ labels: ["two=2"], debug: true });
  signal();
  await until(async () => (await shown()) === 'true ["two=2"]', "the new options");
  await refused({ dns: ["192.0.2.2"], labels: [] }, "specified both as a flag and in the configuration file: dns");
  await refused({ debug: "yes" }, "invalid value for debug");
  await refused({ nosuch: 1 }, "don't match any configuration option: nosuch");

  write({ debug: false });
  signal();
  await until(async () => (await shown()) === 'false ["two=2"]', "a key that is gone leaves its option");
  const format = "{{.Action}} {{.Actor.Attributes.debug}} {{.Actor.Attributes.labels}}";
  const now = (Date.now() / 1000).toFixed(3);
  const query = ["events", "--since", "1h", "--until", now, "--filter", "type=daemon", "--format", format];
  expect((await daemon.docker(query)).stdout).toBe('reload true ["two=2"]\nreload false ["two=2"]\n');
});
