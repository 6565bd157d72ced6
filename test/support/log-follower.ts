/** A client that follows a container's log and comes back whenever its daemon does, knowing only times and lines. */
export interface LogFollower {
  /** Every line it has, in order, without its newline. */
  readonly lines: readonly string[];
  /** Follows until the log ends while the daemon lives. */
  readonly ended: Promise<void>;
}

/** @param socket of the daemon, which may be gone now and then */
export function followLog(socket: string, id: string): LogFollower {
  const place = new Place();
  return { lines: place.lines, ended: followOn(socket, id, place) };
}

async function followOn(socket: string, id: string, place: Place): Promise<void> {
  for (;;) {
    place.resume();
    try {
      const query = `follow=1&stdout=1&timestamps=1&since=${place.since}`;
      const response = await fetch(`http://engine/v1.44/containers/${id}/logs?${query}`, { unix: socket });
      if (response.body === null || response.status !== 200) throw new Error(`logs: ${response.status}`);
      for await (const line of linesOf(response.body)) place.take(line);
      // A daemon that is killed does not end its answer: this one is whole.
      return;
    } catch {
      await Bun.sleep(20);
    }
  }
}

/** What was read so far. Several lines may have one time, so those of the last time are counted. */
class Place {
  readonly lines: string[] = [];
  since = "0";
  #time = "";
  #withTime = 0;
  #toSkip = 0;

  /** The daemon repeats the lines of the time it is asked for. */
  resume(): void {
    this.#toSkip = this.#withTime;
    if (this.#time !== "") this.since = secondsOf(this.#time);
  }

  take(line: string): void {
    const [time = "", text = ""] = line.split(" ", 2);
    if (time === this.#time && this.#toSkip > 0) {
      this.#toSkip--;
      return;
    }
    this.#withTime = time === this.#time ? this.#withTime + 1 : 1;
    this.#time = time;
    this.#toSkip = 0;
    this.lines.push(text);
  }
}

/** RFC 3339 with nanoseconds as seconds since the epoch with nine decimals. */
function secondsOf(time: string): string {
  const [, fraction = "0"] = /\.(\d+)Z$/.exec(time) ?? [];
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, "0")}`;
}

/** Lines of the frames of a multiplexed stream: eight bytes of head, the last four of them the length. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      yield rest.toString("utf8", 8, end).trimEnd();
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error("the stream was cut within a frame");
}
