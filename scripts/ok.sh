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

# Tests of the kernel wait more than they compute: the other steps run beside them.
if [ "${1:-}" != --no-tests ]; then
  # What is in `test/` starts daemons, or takes seconds, and belongs to `npm test`.
  step tests "$bin/bun" test ./src ./scripts --isolate --only-failures --timeout 60000 --path-ignore-patterns='**/*-suite.test.ts'
fi
step types "$bin/tsc" -p .
step layers "$bin/bun" scripts/check-layers.ts
step docs "$bin/bun" scripts/check-docs.ts
step lint "$bin/oxlint" --type-aware --deny-warnings --report-unused-disable-directives
step format "$bin/oxfmt" --check .
await_steps
exit $status
