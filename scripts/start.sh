#!/usr/bin/env bash
# npm start: from a bare machine to a page served by a container, with every command as a user would type it.
# Sets up, builds the program when it is older than its source, and runs the tour of scripts/start.ts in a temporary engine.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo 'npm start: must be root, an engine mounts and makes namespaces' >&2 && exit 1; }
  exec sudo --preserve-env=PATH bash "$PWD/scripts/start.sh" "$@"
fi
scripts/setup.sh
if [ ! -x dist/lighter ] || [ -n "$(find src package.json package-lock.json scripts/build.sh -newer dist/lighter -print -quit)" ]; then
  scripts/build.sh
fi
exec node_modules/.bin/bun scripts/start.ts
