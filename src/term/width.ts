/** Columns of a text, as Go's tabwriter counts: one for each code point. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const _ of text) width++;
  return width;
}

/** Cuts to `max` columns, the last of which is then an ellipsis; with 0 or 1 the text is cut without one. */
export function ellipsis(text: string, max: number): string {
  const points = Array.from(text);
  if (points.length <= max) return text;
  return max <= 1 ? points.slice(0, max).join("") : `${points.slice(0, max - 1).join("")}…`;
}

/** Breaks at spaces into lines of at most `max` columns where words allow it; line breaks of the text stay. */
export function wrapText(text: string, max: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > max) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
