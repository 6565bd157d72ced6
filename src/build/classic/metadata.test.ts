import { describe, expect, test } from "bun:test";
import type { ImageRunConfig } from "#spec";
import { parseTrigger } from "../dockerfile/mod.ts";
import { applyChanges } from "./changes.ts";
import { envValue } from "./environment.ts";
import { applyMetadata, type MetadataChange, type MetadataInstruction } from "./metadata.ts";

function apply(config: ImageRunConfig, text: string, commandSet = false): MetadataChange {
  const lookup = (name: string): string | undefined => envValue(config.Env ?? [], name);
  return applyMetadata(config, parseTrigger(text) as MetadataInstruction, { lookup, escape: "\\", commandSet });
}

describe("config and history text", () => {
  const base: ImageRunConfig = { Env: ["PATH=/bin", "A=old"], Cmd: ["base"], WorkingDir: "/w" };
  test.each<[string, Partial<ImageRunConfig>, string]>([
    ['ENV A=new B="$A x"', { Env: ["PATH=/bin", "A=new", "B=old x"] }, " ENV A=new B=old x"],
    ["ENV OLD the 'rest' of", { Env: ["PATH=/bin", "A=old", "OLD=the rest of"] }, " ENV OLD=the rest of"],
    [`LABEL a=b "c d"='$A'`, { Labels: { a: "b", "c d": "$A" } }, " LABEL a=b c d=$A"],
    ["EXPOSE 90/UDP 80", { ExposedPorts: { "90/udp": {}, "80/tcp": {} } }, " EXPOSE 80 90/UDP"],
    ["EXPOSE 8080:81-82", { ExposedPorts: { "81/tcp": {}, "82/tcp": {} } }, " EXPOSE 8080:81-82"],
    ['VOLUME ["/v1", "/$A"]', { Volumes: { "/v1": {}, "/old": {} } }, " VOLUME [/v1 /old]"],
    ["WORKDIR sub/../x", { WorkingDir: "/w/x" }, "WORKDIR /w/x"],
    ["WORKDIR /abs/$A/", { WorkingDir: "/abs/old" }, "WORKDIR /abs/old"],
    ["USER $A:g", { User: "old:g" }, " USER old:g"],
    ["STOPSIGNAL SIGRTMIN+3", { StopSignal: "SIGRTMIN+3" }, " STOPSIGNAL SIGRTMIN+3"],
    ["CMD echo $A", { Cmd: ["/bin/sh", "-c", "echo $A"] }, ' CMD ["/bin/sh" "-c" "echo $A"]'],
    ['CMD ["a", "b"]', { Cmd: ["a", "b"] }, ' CMD ["a" "b"]'],
    ['SHELL ["/bin/bash", "-ec"]', { Shell: ["/bin/bash", "-ec"] }, " SHELL [/bin/bash -ec]"],
    ["ONBUILD RUN echo x", { OnBuild: ["RUN echo x"] }, " ONBUILD RUN echo x"],
    [
      "HEALTHCHECK --interval=5s --retries=2 CMD true",
      { Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 5e9, Retries: 2 } },
      " HEALTHCHECK &{[CMD-SHELL true] 5s 0s 0s 0s 2}",
    ],
  ])("%s", (text, config, shown) => {
    const change = apply(base, text);
    expect(change.config).toEqual({ ...base, ...config });
    expect(change.text).toBe(shown);
  });

  test("MAINTAINER is the author", () => {
    expect(apply(base, "MAINTAINER me you")).toEqual({ config: base, author: "me you", text: " MAINTAINER me you" });
  });

  test("ENTRYPOINT drops the base's CMD and keeps the stage's own", () => {
    expect(apply(base, 'ENTRYPOINT ["x"]').config.Cmd).toBeUndefined();
    expect(apply(base, 'ENTRYPOINT ["x"]', true).config).toEqual({ ...base, Entrypoint: ["x"] });
  });

  test("an overridden health check is said", () => {
    const config = { Healthcheck: { Test: ["CMD-SHELL", "a"] } };
    expect(apply(config, "HEALTHCHECK NONE").note).toBe("Note: overriding previous HEALTHCHECK: [CMD-SHELL a]\n");
  });

  test.each([
    ["EXPOSE abc", "Invalid containerPort: abc"],
    ["EXPOSE 0", "Invalid containerPort: 0"],
    ["EXPOSE 70000", "Invalid containerPort: 70000"],
    ["EXPOSE 80/foo", "Invalid proto: foo"],
    ["STOPSIGNAL FOO", "invalid signal: FOO"],
    ["STOPSIGNAL 65", "invalid signal: 65"],
    ["ENV a=${x:?no}", 'failed to process "${x:?no}": x: no'],
  ])("%s is refused", (text, message) => expect(() => apply(base, text)).toThrow(message));
});

describe("--change", () => {
  test("lays instructions on a config in order", () => {
    const changes = ["env A=1", "ENV B=$A", 'CMD ["x"]', "ENTRYPOINT e", "WORKDIR /a", "workdir b"];
    expect(applyChanges({ Env: ["P=q"] }, changes)).toEqual({
      Env: ["P=q", "A=1", "B=1"],
      Cmd: ["x"],
      Entrypoint: ["/bin/sh", "-c", "e"],
      WorkingDir: "/a/b",
    });
  });

  test.each([
    ["RUN x", "RUN is not a valid change command"],
    ["FROM x", "FROM is not a valid change command"],
    ["Foo", "Foo is not a valid change command"],
    ["ENV a", "ENV must have two arguments"],
  ])("%s is refused", (change, message) => expect(() => applyChanges({}, [change])).toThrow(message));
});
