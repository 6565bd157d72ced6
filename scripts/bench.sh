#!/usr/bin/env bash
# npm run bench -- [--only GROUP] [--samples N] [--json FILE] [--strict]: lighter beside Docker and Podman (bench/main.ts).
# Builds the program when it is older than its source; LIGHTER_BENCH_BINARY names another one to measure.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then echo 'npm run bench: must be root, an engine mounts and makes namespaces' >&2 && exit 1; fi
command -v docker >/dev/null || { echo 'npm run bench: needs the docker CLI, which drives both engines' >&2 && exit 1; }
# Two at a time would measure each other.
exec 9>/run/lighter-bench.lock
flock -n 9 || { echo 'npm run bench: waiting for another one to end' >&2 && flock 9; }
scripts/setup.sh
if [ -z "${LIGHTER_BENCH_BINARY:-}" ] && { [ ! -x dist/lighter ] || [ -n "$(find src package.json package-lock.json scripts/build.sh -newer dist/lighter -print -quit)" ]; }; then
  scripts/build.sh
fi
exec node_modules/.bin/bun bench/main.ts "$@"
