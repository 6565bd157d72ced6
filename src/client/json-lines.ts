/** The JSON values of a stream of concatenated objects, one to a line (Docker's progress and event streams). */
export async function* parseJsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T, void, undefined> {
  for await (const line of splitLines(source)) yield JSON.parse(line) as T;
}

/** Lines that hold something, without what ends them. */
export async function* splitLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of source) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line.trim();
  }
  text += decoder.decode();
  if (text.trim() !== "") yield text.trim();
}
