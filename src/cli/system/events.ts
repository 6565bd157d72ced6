import { streamEvents, type ReceivedEvent } from "#client";
import { compileTemplate, JsonText, mapData, TemplateError, type TemplateData } from "#term";
import { apiTime } from "../framework/api-time.ts";
import { CliError, command } from "../framework/command.ts";
import { filter, string } from "../framework/flags.ts";

export const events = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    filter: filter(),
    format: string("Output as 'json' or a Go TEMPLATE"),
    since: string("Begin with what happened since then (time, or age such as 42m)"),
    until: string("Go on until then (time, or age such as 42m)"),
  },
  async run(context, { flags }) {
    const show = printer(flags.format);
    const options = { since: apiTime(flags.since), until: apiTime(flags.until), filters: flags.filter };
    for await (const received of streamEvents(context.client, options)) context.stdout.write(`${show(received)}\n`);
  },
});

function printer(format: string): (received: ReceivedEvent) => string {
  if (format === "") return eventLine;
  if (format === "json") return ({ json }) => json;
  try {
    const template = compileTemplate(format);
    // What cannot be executed fails before anything happens.
    template.execute(eventData(nothing), () => undefined);
    return (received) => {
      let text = "";
      template.execute(eventData(received), (part) => (text += part));
      return text;
    };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`Error parsing format: ${error.message}`, 64, { cause: error });
  }
}

const nothing = {
  event: { Type: "", Action: "", Actor: { ID: "", Attributes: {} }, scope: "", time: 0, timeNano: 0 },
  json: "{}",
} as unknown as ReceivedEvent;

/** `json .` is what the daemon wrote; fields have Docker's names, those of old versions too. */
function eventData({ event, json }: ReceivedEvent): TemplateData {
  const { Type, Action, Actor, scope, time, status, id, from } = event;
  const old = { Status: status ?? "", ID: id ?? "", From: from ?? "" };
  const named = { ...old, Type, Action, Actor, Scope: scope, Time: time, TimeNano: BigInt(nanoseconds(json)) };
  return { ...mapData(named), typeName: "*events.Message", root: new JsonText(() => json) };
}

/** The digits of `timeNano`, which a JavaScript number may not hold. */
function nanoseconds(json: string): string {
  return /"timeNano":(\d+)/.exec(json)?.[1] ?? "0";
}

/** `2024-05-01T10:11:12.123456789Z container create <id> (image=x, name=y)` */
function eventLine({ event: { Type, Action, Actor, time }, json }: ReceivedEvent): string {
  const attributes = Object.entries(Actor.Attributes ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const suffix = attributes.length === 0 ? "" : ` (${attributes.join(", ")})`;
  return `${localNano(time, nanoseconds(json))} ${Type} ${Action} ${Actor.ID}${suffix}`;
}

/** Local time with the last nine digits of the nanoseconds. */
function localNano(seconds: number, digits: string): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const fraction = digits.slice(-9).padStart(9, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}${offset === 0 ? "Z" : zone}`;
}
