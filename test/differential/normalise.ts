const ago = String.raw`(?:Less than a second|\d+ seconds?|About a minute|\d+ minutes?|About an hour|\d+ hours?)`;

/** What may differ between two runs of the same engine, in the order it is replaced. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g, "<id>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g, "<short>"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)?(?: [A-Z]{3,4})?/g, "<time>"],
  [/\b\d{10}(?:\.\d{3,9})\b/g, "<epoch>"],
  [/\b\d{19}\b/g, "<nanoseconds>"],
  [/"time":\d{10}/g, '"time":<seconds>'],
  [new RegExp(ago, "g"), "<span>"],
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/g, "<mac>"],
  [/\b(?:172\.\d+|10\.\d+)\.\d+\.\d+\b/g, "<ip>"],
  [/\b\d+(?:\.\d+)?\s?(?:k|M|G)?B\b/g, "<size>"],
  // The runtime that happens to be installed, and containerd's class of the error, which later versions leave out.
  [
    /\b(?:runc|crun) create failed: (?:unable to start container process: (?:error during container init: )?)?/g,
    "runtime create failed: ",
  ],
  [/: unknown$/gm, ""],
  // Docker's client says it of itself.
  [/DEPRECATED: The legacy builder is deprecated[^]*?environment-variable\.\n+/g, ""],
  // Only RUN needs a container in lighter; how output on a terminal is cut into coloured pieces is chance.
  [/^ ---> (?:Running in|Removed intermediate container) .*\n/gm, ""],
  [new RegExp(`${String.fromCharCode(27)}\\[(?:91|0)m`, "g"), ""],
  // Debian's build of the CLI lacks words here.
  [/^SRun '/gm, "See '"],
  [/ +/g, " "],
];

/** Text of one side in which only what users can tell apart is left. `place` are the words that name this run. */
export function normalise(text: string, place: Readonly<Record<string, string>>): string {
  let result = text.replaceAll("\r\n", "\n");
  for (const [words, name] of Object.entries(place)) result = result.replaceAll(words, name);
  for (const [pattern, name] of volatile) result = result.replace(pattern, name);
  return result;
}
