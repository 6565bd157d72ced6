/** Bytes of a probe's output that are kept. */
const maxBytes = 4096;

/** The start of what a probe wrote, on both streams as it came. */
export class ProbeOutput {
  readonly #kept: Uint8Array[] = [];
  #bytes = 0;
  #truncated = false;

  add(data: Uint8Array): void {
    const part = data.subarray(0, maxBytes - this.#bytes);
    this.#truncated ||= part.length < data.length;
    this.#bytes += part.length;
    if (part.length > 0) this.#kept.push(part);
  }

  text(): string {
    return Buffer.concat(this.#kept).toString() + (this.#truncated ? "..." : "");
  }
}
