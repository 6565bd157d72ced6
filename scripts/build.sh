#!/usr/bin/env bash
# npm run build: dist/lighter, one executable.
# Worker files (`*-worker.ts`) are further entry points: a compiled program finds its workers only when they are named.
# --splitting: each role and command is a chunk of its own, and only those that run are read (a start takes 5 ms in place of 12).
# The two --no-compile-autoload flags keep a hostile current directory (bunfig.toml, .env) from running code in our process.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-dist/lighter}
version=$(node -p 'require("./package.json").version')
commit=$(git rev-parse --short=7 HEAD 2>/dev/null || echo unknown)
if [ "$commit" != unknown ] && [ -n "$(git status --porcelain --untracked-files=no -- src package.json 2>/dev/null)" ]; then commit+=-dirty; fi
# Of the commit, not of the clock: the same source gives the same file.
built=$(git log -1 --format=%cI 2>/dev/null || echo 1970-01-01T00:00:00Z)
mapfile -t workers < <(find src -name '*-worker.ts' -not -name '*.test.ts' | LC_ALL=C sort)

mkdir -p "$(dirname "$out")"
fresh=$(mktemp "$(dirname "$out")/.lighter-XXXXXX")
trap 'rm -f "$fresh"' EXIT
node_modules/.bin/bun build src/main.ts "${workers[@]}" \
  --compile --minify --bytecode --format=esm --splitting --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
  --define "LIGHTER_VERSION=\"$version\"" --define "LIGHTER_COMMIT=\"$commit\"" --define "LIGHTER_BUILT=\"$built\"" \
  --outfile "$fresh" >/dev/null
chmod 755 "$fresh"
mv -f "$fresh" "$out"
echo "$out: lighter $version, $commit, $(du -h "$out" | cut -f1)"
