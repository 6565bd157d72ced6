import { describe, expect, test } from "bun:test";
import { unexplained, type Happening, type Request, type Verb } from "./container-model.ts";

/** `+a start` asks, `-a 204` answers, `!` is the daemon's death. */
function history(...words: readonly string[]): readonly Happening[] {
  const requests = new Map<string, Request>();
  const happenings = words.map((word): Happening => {
    if (word === "!") return { kind: "died" };
    const [key = "", ...rest] = word.slice(1).split(" ");
    if (word.startsWith("+")) {
      const rename = rest[0] === "rename";
      const request: Request = rename ? { verb: "rename", name: rest[1] ?? "" } : { verb: rest.join(" ") as Verb };
      requests.set(key, request);
      return { kind: "asked", request };
    }
    const request = requests.get(key);
    if (request === undefined) throw new Error(word);
    request.status = Number(rest[0]);
    if (rest.length > 1) request.seen = rest.slice(1).join(" ");
    return { kind: "answered", request };
  });
  return happenings;
}

describe("a history that can be explained", () => {
  test.each([
    [
      "one after the other",
      ["+a start", "-a 204", "+b stop", "-b 204", "+c inspect", "-c 200 exited x", "+d rm", "-d 204"],
    ],
    ["two starts at once", ["+a start", "+b start", "-b 304", "-a 204"]],
    ["two stops that share one end", ["+a start", "-a 204", "+b stop", "+c stop", "-b 204", "-c 204"]],
    ["a removal that finds another's work done", ["+a rm", "+b rm", "-a 204", "-b 204", "+c rm", "-c 404"]],
    ["a forced removal ends and removes", ["+a start", "-a 204", "+b rm -f", "-b 204", "+c inspect", "-c 404"]],
    ["a forced removal that meets a new start", ["+a start", "-a 204", "+b rm -f", "+c start", "-c 204", "-b 409"]],
    ["a start that was cut off happened", ["+a start", "!", "+b inspect", "-b 200 running x"]],
    ["a start that was cut off did not happen", ["+a start", "!", "+b inspect", "-b 200 created x"]],
    [
      "a signal that acts after the daemon's death",
      ["+a start", "-a 204", "+b kill", "!", "+c inspect", "-c 200 running x", "+d inspect", "-d 200 exited x"],
    ],
    ["a rename", ["+a rename y", "-a 204", "+b rename y", "-b 400", "+c inspect", "-c 200 created y"]],
    [
      "a kill ends what is paused",
      ["+a start", "-a 204", "+b pause", "-b 204", "+c kill", "-c 204", "+d inspect", "-d 200 exited x"],
    ],
  ])("%s", (_, words) => expect(unexplained("x", history(...words))).toBeUndefined());
});

describe("a history that cannot", () => {
  test.each([
    ["a start that is not there", ["+a start", "-a 204", "+b inspect", "-b 200 created x"]],
    ["two starts that both did it", ["+a start", "+b start", "-b 204", "-a 204"]],
    ["an end that nobody asked for", ["+a start", "-a 204", "+b inspect", "-b 200 exited x"]],
    ["a removal of what runs", ["+a start", "-a 204", "+b rm", "-b 204"]],
    ["a container that comes back", ["+a rm", "-a 204", "+b inspect", "-b 200 created x"]],
    ["an exec in what is paused", ["+a start", "-a 204", "+b pause", "-b 204", "+c exec", "-c 201"]],
    ["a stop that did not wait", ["+a start", "-a 204", "+b stop", "-b 204", "+c inspect", "-c 200 running x"]],
    [
      "an effect after the daemon's death",
      ["+a start", "!", "+b inspect", "-b 200 created x", "+c inspect", "-c 200 running x"],
    ],
    ["an end lost with the daemon", ["+a start", "-a 204", "!", "+b inspect", "-b 200 exited x"]],
    ["an answer the engine never gives", ["+a start", "-a 500"]],
  ])("%s", (_, words) => expect(unexplained("x", history(...words))).toContain("created as x"));
});
