#!/usr/bin/env bash
# A docker CLI for the tests, where the machine has none: taken out of the distribution's package, not installed, so that no
# Docker Engine starts. Prints the directory to put on PATH; nothing when there is a docker already.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v docker >/dev/null && exit 0
cache=$PWD/.cache/docker-cli
[ -x "$cache/docker" ] || {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  (cd "$work" && { apt-get -qq download docker-cli || apt-get -qq download docker.io; }) >&2 2>/dev/null || {
    echo 'setup: the tests need a docker CLI, and neither docker-cli nor docker.io can be had' >&2
    exit 1
  }
  dpkg-deb -x "$work"/docker*.deb "$work/root"
  mkdir -p "$cache"
  cp "$work/root/usr/bin/docker" "$cache/docker"
}
echo "$cache"
