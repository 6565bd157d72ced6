#!/usr/bin/env bash
# npm run ok: types, layers, docs, lint, format and the unit tests. One line per step; the output of a failed one is printed whole.
#   --no-tests   leaves the tests out
set -uo pipefail
cd "$(dirname "$0")/.."
bin=node_modules/.bin
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0

step() {
  local name=$1
  shift
  (
    start=$EPOCHREALTIME
    "$@" >"$logs/$name" 2>&1
    code=$?
    end=$EPOCHREALTIME
    ms=$(((${end/./} - ${start/./}) / 1000))
    if [ $code -eq 0 ]; then printf 'ok    %-8s %6d ms\n' "$name" "$ms"; else printf 'FAIL  %-8s %6d ms\n' "$name" "$ms"; cat "$logs/$name"; fi
    exit $code
  ) &
}
await_steps() { for job in $(jobs -p); do wait "$job" || status=1; done; }

step types "$bin/tsc" -p .
step layers "$bin/bun" scripts/check-layers.ts
step docs "$bin/bun" scripts/check-docs.ts
await_steps
step lint "$bin/oxlint" --type-aware --deny-warnings --report-unused-disable-directives
step format "$bin/oxfmt" --check .
await_steps
if [ "${1:-}" != --no-tests ]; then
  # What is in `test/` starts daemons and belongs to `npm test`.
  step tests "$bin/bun" test ./src ./scripts --isolate --only-failures --path-ignore-patterns='**/*-suite.test.ts'
  await_steps
fi
exit $status
