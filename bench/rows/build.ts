import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { interleave, type Entry } from "../measure.ts";
import { timeRow, type Row } from "../report.ts";
import { busybox, type Session } from "../session.ts";

const image = "lighter-bench/build:latest";
const dockerfile = `FROM ${busybox}
ENV GREETING=hello
WORKDIR /srv
COPY files/ ./
RUN echo "$GREETING" > greeting && ls -l > listing
RUN cat greeting listing > both
CMD ["cat", "both"]
`;

/** A small Dockerfile by the classic builder: everything from the cache, and nothing. */
export async function* buildRows(session: Session): AsyncGenerator<Row> {
  const directory = join(session.scratch, "build");
  mkdirSync(join(directory, "files"), { recursive: true });
  writeFileSync(join(directory, "Dockerfile"), dockerfile);
  for (let number = 0; number < 50; number++)
    writeFileSync(join(directory, `files/${number}.txt`), `${number}\n`.repeat(200));
  using scope = new DisposableStack();
  for (const engine of session.engines) scope.defer(() => void engine.docker(["rmi", "-f", image]));
  yield await buildRow(session, directory, { title: "cached", flags: [], rounds: session.options.samples });
  yield await buildRow(session, directory, {
    title: "without the cache",
    flags: ["--no-cache"],
    rounds: Math.max(3, Math.round(session.options.samples / 3)),
  });
}

interface BuildKind {
  readonly title: string;
  readonly flags: readonly string[];
  readonly rounds: number;
}

async function buildRow({ engines }: Session, directory: string, { title, flags, rounds }: BuildKind): Promise<Row> {
  const entries = engines.map((engine): Entry => {
    const args = ["build", "-q", ...flags, "-t", image, directory];
    return { label: `docker build, ${engine.name}`, contender: engine, run: () => engine.docker(args) };
  });
  return timeRow(
    { group: "build", title: `docker CLI on both: build of a small Dockerfile, ${title}` },
    await interleave(entries, rounds),
  );
}
