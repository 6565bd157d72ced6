import type { ContainerId } from "#core";
import { initError, type LogConfig } from "./config.ts";

/** What drivers know of the container whose log they send. */
export interface LogSubject {
  readonly id: ContainerId;
  /** Without a slash. */
  readonly name: string;
  readonly imageId: string;
  readonly imageName: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly config: LogConfig;
  /** The monitor's file. */
  readonly spool: string;
  /** `json-file`'s own. */
  readonly jsonFile: string;
  /** Where a driver has come to. */
  readonly checkpoint: string;
}

/** Labels and variables that `labels`, `env` and their regular expressions choose. @throws EngineError for a bad expression */
export function extraAttributes({ config, labels, env }: LogSubject): Record<string, string> {
  const { labels: names, "labels-regex": pattern, env: variables, "env-regex": variablePattern } = config.Config;
  const entries = env.map((entry): [string, string] => {
    const at = entry.indexOf("=");
    return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return {
    ...chosen(Object.entries(labels), names, pattern),
    ...chosen(entries, variables, variablePattern),
  };
}

function chosen(
  entries: readonly (readonly [string, string])[],
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const listed = new Set((names ?? "").split(",").filter((name) => name !== ""));
  const matches = pattern === undefined || pattern === "" ? undefined : expression(pattern);
  return Object.fromEntries(entries.filter(([name]) => listed.has(name) || matches?.test(name) === true));
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const reason = error.message
      .replace("Invalid regular expression: ", "")
      .replace("missing terminating ] for character class", "missing closing ]");
    throw initError(`error parsing regexp: ${reason}: \`${pattern}\``);
  }
}

/** With the tag, where one was asked for: what `json-file` writes beside each line and `logs --details` shows. */
export async function detailAttributes(subject: LogSubject): Promise<Record<string, string>> {
  const attributes = extraAttributes(subject);
  const { tag = "" } = subject.config.Config;
  return tag === "" ? attributes : { ...attributes, tag: await tagOf(subject) };
}

/** The `tag` option, a Go template over the container; its short id where nothing was said. @throws EngineError */
export async function tagOf(subject: LogSubject): Promise<string> {
  const { tag = "" } = subject.config.Config;
  if (tag === "") return subject.id.slice(0, 12);
  if (!tag.includes("{{")) return tag;
  const { compileTemplate, mapData, TemplateError } = await import("#term");
  let text = "";
  try {
    compileTemplate(tag).execute(mapData(tagFields(subject)), (part) => (text += part));
    return text;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw initError(goTemplateText(error.message));
  }
}

/** Docker names the template, and its data is a type of Go's. */
function goTemplateText(text: string): string {
  return text
    .replace(/^template: :/, "template: log-tag:")
    .replace('executing ""', 'executing "log-tag"')
    .replace(/map has no entry for key "(.*)"$/, "can't evaluate field $1 in type *logger.Info");
}

function tagFields({ id, name, imageId, imageName, command, labels }: LogSubject): Record<string, unknown> {
  return {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: imageId.slice(0, 12),
    ImageFullID: imageId,
    ImageName: imageName,
    DaemonName: "docker",
    Command: command.join(" "),
    ContainerLabels: labels,
  };
}
