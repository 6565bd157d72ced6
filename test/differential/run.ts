/**
 * npm run differential [-- area [case]]: the same commands by the docker CLI on a real Docker Engine, by the docker CLI on
 * lighter and by lighter's own; prints where a user could tell them apart, exits with 1 when that is not in `known.ts`.
 *   LIGHTER_PEER_HOST   unix:// address of a Docker Engine 28; without it nothing is compared
 *   LIGHTER_PEER_SHARE  directory of this machine that the peer sees too, as DIR or DIR=ITS-NAME-THERE (/tmp)
 *   LIGHTER_DIFF_HOST   an engine of lighter that runs already; by default one is started for the run
 *   LIGHTER_TEST_BINARY the program; by default the source run by Bun
 */
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lighterCommand, startDaemon } from "../support/daemon.ts";
import { openSandbox } from "../support/sandbox.ts";
import { known } from "./known.ts";
import { image, runCase, type Seen, type Side } from "./side.ts";
import type { Cases } from "./case.ts";

const peer = process.env["LIGHTER_PEER_HOST"];
if (peer === undefined) {
  console.log("skipped: LIGHTER_PEER_HOST names no Docker Engine to compare with");
  process.exit(0);
}
const [wantedArea, wantedCase] = process.argv.slice(2);
const [shared = "/tmp", there = shared] = (process.env["LIGHTER_PEER_SHARE"] ?? "/tmp").split("=");
const share = mkdtempSync(join(shared, "ltdiff-"));
const engineShare = there + share.slice(shared.length);

await using stack = new AsyncDisposableStack();
stack.defer(() => void Bun.spawnSync(["rm", "-rf", "--one-file-system", share]));
const host = process.env["LIGHTER_DIFF_HOST"] ?? (await ownEngine());
const docker = Bun.which("docker") ?? "docker";
const sides: readonly [Side, Side, Side] = [
  { name: "docker on Docker", client: [docker], host: peer, isOurs: false, share, engineShare },
  { name: "docker on lighter", client: [docker], host, isOurs: true, share, engineShare: share },
  { name: "lighter on lighter", client: lighterCommand(), host, isOurs: true, share, engineShare: share },
];

await prepareImage();
let unexpected = 0;
let compared = 0;
let tolerated = 0;
const met = new Set<(typeof known)[number]>();
for (const area of areas()) {
  const { cases, clients } = (await import(`./${area}.ts`)) as { readonly cases: Cases; readonly clients?: string[] };
  const tried = sides.slice(1).filter(({ name }) => clients === undefined || clients.includes(name));
  for (const [name, lines] of Object.entries(cases)) {
    if (wantedCase !== undefined && !name.includes(wantedCase)) continue;
    const asPeer = runCase(sides[0], lines);
    // Where both engines would want the same port of this host, one after the other.
    if (lines.some((line) => /\b180\d\d\b/.test(line))) await asPeer;
    const others: [string, readonly Seen[]][] = [];
    for (const side of tried) others.push([side.name, await runCase(side, lines)]);
    report(`${area}: ${name}`, await asPeer, others);
  }
}
console.log(`${compared} lines compared, ${unexpected} differ, ${tolerated} as listed in known.ts`);
// Some differ by chance alone, so that this is no failure.
const solved = wantedArea === undefined ? known.filter((entry) => !met.has(entry)) : [];
for (const { line } of solved) console.log(`known.ts lists ${line}, where nothing differs`);
process.exitCode = unexpected === 0 ? 0 : 1;

function areas(): readonly string[] {
  const machinery = ["case", "exchange", "known", "normalise", "request", "run", "side"];
  const all = readdirSync(import.meta.dirname).map((file) => file.replace(/\.ts$/, ""));
  return all.filter((area) => !machinery.includes(area) && (wantedArea === undefined || area === wantedArea)).sort();
}

/** One entry per line that differs; clients that see the same on lighter share it. */
function report(title: string, reference: readonly Seen[], others: readonly [string, readonly Seen[]][]): void {
  reference.forEach((expected, index) => {
    compared++;
    const wrong = others.flatMap(([side, seen]) => differences(expected, seen[index], side));
    if (wrong.length === 0) return;
    const reason = known.find(({ line }) =>
      typeof line === "string" ? line === expected.line : line.test(expected.line),
    );
    if (reason) {
      met.add(reason);
      tolerated++;
      return;
    }
    unexpected++;
    const texts = new Map<string, string[]>();
    for (const { side, text } of wrong) texts.set(text, [...(texts.get(text) ?? []), side]);
    console.log(`\n=== ${title}\n$ ${expected.line}`);
    for (const [text, names] of texts) console.log(`  ${names.join(", ")}\n${text}`);
  });
}

function differences(expected: Seen, actual: Seen | undefined, side: string): { side: string; text: string }[] {
  const fields = (["code", "out", "err"] as const).filter((field) => expected[field] !== actual?.[field]);
  if (fields.length === 0) return [];
  return [
    { side, text: fields.map((field) => changed(field, String(expected[field]), String(actual?.[field]))).join("\n") },
  ];
}

/** Lines only one of the two has: `-` Docker's, `+` lighter's. */
function changed(field: string, expected: string, actual: string): string {
  const [before, after] = [expected.split("\n"), actual.split("\n")];
  const gone = before.filter((line) => !after.includes(line)).map((line) => `    ${field} - ${line}`);
  const come = after.filter((line) => !before.includes(line)).map((line) => `    ${field} + ${line}`);
  const both = [...gone, ...come];
  return both.length > 0
    ? both.join("\n")
    : `    ${field}: the same lines in another order or number; Docker:\n${expected}\n    lighter:\n${actual}`;
}

async function ownEngine(): Promise<string> {
  const box = stack.use(await openSandbox());
  return stack
    .use(await startDaemon(box))
    .docker([])
    .then(() => box.host);
}

/** The same image, by id, on both engines. */
async function prepareImage(): Promise<void> {
  const script = `set -e; cd "$WORK"; mkdir -p root/bin root/etc root/tmp root/root root/data/sub root/home; chmod 1777 root/tmp
    cp /bin/busybox root/bin/busybox; for a in $(/bin/busybox --list); do [ "$a" = busybox ] || ln -s busybox "root/bin/$a"; done
    printf 'root:x:0:0:root:/root:/bin/sh\\nalice:x:1000:1000:alice:/home:/bin/sh\\nbob:x:1001:100::/:/bin/sh\\n' >root/etc/passwd
    printf 'root:x:0:\\nalice:x:1000:\\nusers:x:100:alice,bob\\n' >root/etc/group
    echo one >root/data/file; echo two >root/data/sub/file; chown -R 1000:100 root/data; chmod 750 root/data
    echo plain >root/etc/plain; chmod 644 root/etc/plain
    tar -C root --numeric-owner -cf root.tar .
    docker -H ${peer} import -c 'CMD ["sh"]' -c 'ENV PATH=/bin' root.tar ${image} >/dev/null
    docker -H ${peer} save ${image} | docker -H ${host} load >/dev/null; rm -rf root root.tar`;
  const { exitCode, stderr } = Bun.spawnSync(["bash", "-c", script], {
    env: { PATH: process.env["PATH"] ?? "", WORK: share },
  });
  if (exitCode !== 0) throw new Error(`image: ${stderr.toString()}`);
}
