#!/usr/bin/env bash
# npm test: everything. Set-up, the checks of `npm run ok`, the build, then every test on the real kernel,
# each file under the leak ledger (test/support/preload.ts). As root a skipped test is a failure: the kernel tests are the point.
# The last line is `N passed, N failed`.
#   LIGHTER_TEST_REPORTS=DIR   keeps the JUnit report there
# Left out: x-suite.test.ts, which x.test.ts runs in a namespace of its own.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=node_modules/.bin
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed_steps=0
run() {
  printf '\n== %s\n' "$*"
  "$@" || { failed_steps=$((failed_steps + 1)) && echo "FAILED: $*"; }
}

scripts/setup.sh || { echo '0 passed, 1 failed' && exit 1; }
docker_cli=$(scripts/setup-docker-cli.sh) || { echo '0 passed, 1 failed' && exit 1; }
[ -z "$docker_cli" ] || PATH=$docker_cli:$PATH
# The daemons of tests run what users run.
export LIGHTER_TEST_BINARY=$PWD/dist/lighter
run scripts/ok.sh --no-tests
run scripts/build.sh
# What lies beside the code runs in any order; a file of test/e2e tells a story, from its first line to its last.
run "$bin/bun" test ./src ./scripts ./test/support --isolate --randomize --only-failures --timeout 60000 \
  --path-ignore-patterns='**/*-suite.test.ts' --reporter=junit --reporter-outfile="$reports/unit.xml"
run "$bin/bun" test ./test/e2e --isolate --only-failures --timeout 60000 \
  --reporter=junit --reporter-outfile="$reports/e2e.xml"
[ -z "${LIGHTER_TEST_REPORTS:-}" ] || { mkdir -p "$LIGHTER_TEST_REPORTS" && cp "$reports"/*.xml "$LIGHTER_TEST_REPORTS/"; }

# An attribute of the reports' root elements, summed.
count() {
  grep -h -m1 -o '<testsuites [^>]*' "$reports"/*.xml 2>/dev/null | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*' |
    awk '{ sum += $1 } END { print sum + 0 }'
}
tests=$(count tests) failures=$(count failures) skipped=$(count skipped)
if [ "$(id -u)" -eq 0 ] && [ "$skipped" -gt 0 ]; then
  echo "$skipped tests were skipped as root:"
  grep -h -B1 '<skipped' "$reports"/*.xml | grep -o 'testcase name="[^"]*"'
  failed_steps=$((failed_steps + 1))
fi
# A step that is no test, or a run that broke before its report, counts as one failure.
failed=$((failures > 0 ? failures : (failed_steps > 0 || tests == 0 ? 1 : 0)))
echo "$((tests - failures - skipped)) passed, $failed failed"
[ "$failed" -eq 0 ]
