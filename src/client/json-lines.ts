/** The JSON values of a stream of concatenated objects, one to a line (Docker's progress and event streams). */
export async function* parseJsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T, void, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of source) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield* parseLine<T>(line);
  }
  yield* parseLine<T>(text + decoder.decode());
}

function* parseLine<T>(line: string): Generator<T, void, undefined> {
  const trimmed = line.trim();
  if (trimmed !== "") yield JSON.parse(trimmed) as T;
}
