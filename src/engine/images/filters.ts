import { matchGlob } from "#archive";
import { EngineError, parseTime } from "#core";
import type { ImageRecord } from "#image";
import { familiarName, familiarReference, parseReference } from "#spec";
import type { Filters } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { matchesLabel } from "../labels.ts";

type Test = (image: ImageRecord, value: string) => boolean;

/** True for an image that holds under every key; values of one key are alternatives, labels must all hold. */
export function imageFilter(context: ContainerContext, filters: Filters): (image: ImageRecord) => boolean {
  const tests = [...filters].map(([key, values]) => {
    const test = createTest(context, key);
    const all = key === "label" || key === "label!";
    return (image: ImageRecord): boolean =>
      all ? values.every((value) => test(image, value)) : values.some((value) => test(image, value));
  });
  return (image) => tests.every((test) => test(image));
}

function createTest({ deps }: ContainerContext, key: string): Test {
  const { images, clock } = deps;
  const created = ({ config }: ImageRecord): number => Date.parse(config.created ?? "1970-01-01");
  const tests: Readonly<Record<string, Test>> = {
    before: (image, value) => created(image) < created(images.resolve(value)),
    since: (image, value) => created(image) > created(images.resolve(value)),
    dangling: (image, value) => isTrue(value) === (images.tags(image.id).length === 0),
    label: ({ config }, value) => matchesLabel(config.config?.Labels ?? {}, value),
    "label!": ({ config }, value) => !matchesLabel(config.config?.Labels ?? {}, value),
    reference: (image, value) => images.tags(image.id).some((tag) => matchesReference(tag, [value])),
    until: (image, value) => {
      const untilNs = parseTime(value, clock.nowNs());
      return untilNs === undefined || created(image) < Number(untilNs / 1_000_000n);
    },
  };
  return tests[key] ?? (() => false);
}

export function isTrue(value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new EngineError("invalid", `invalid filter 'dangling=[${value}]'`);
}

/** Only the tags that a filter `reference` asks for; all without one. */
export function tagsWanted(tags: readonly string[], filters: Filters): readonly string[] {
  const patterns = [...(filters.get("reference") ?? [])];
  return patterns.length === 0 ? tags : tags.filter((tag) => matchesReference(tag, patterns));
}

/** A pattern matches the familiar reference, or its name alone; `*` stops at a slash. */
function matchesReference(tag: string, patterns: readonly string[]): boolean {
  const reference = parseReference(tag);
  const texts = [familiarReference(reference), familiarName(reference)];
  return patterns.some((pattern) => texts.some((text) => matchGlob(pattern, text)));
}
