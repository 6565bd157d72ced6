#!/usr/bin/env bash
# npm run install:system -- [--prefix DIR] [--docker] [--destdir DIR] [--uninstall]
#   --prefix DIR    where the program goes (/usr/local)
#   --docker        lighter is also `docker`, and listens at /var/run/docker.sock; refused where another Docker is
#   --destdir DIR   stage the files below DIR, for packages and tests: nothing of the running system is touched
#   --uninstall     removes what an installation with the same prefix put there; images and containers stay
# Idempotent: a second run replaces what the first put there. Without systemd it installs the files and says how to start.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
prefix=/usr/local destdir='' docker=false uninstall=false

die() {
  echo "install: $*" >&2
  exit 1
}
usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --destdir)
      [ $# -ge 2 ] || die "$1 needs a directory"
      if [ "$1" = --prefix ]; then prefix=$2; else destdir=$2; fi
      shift
      ;;
    --prefix=*) prefix=${1#*=} ;;
    --destdir=*) destdir=${1#*=} ;;
    --docker) docker=true ;;
    --uninstall) uninstall=true ;;
    -h | --help) usage && exit 0 ;;
    *) die "unknown flag: $1" ;;
  esac
  shift
done
case $prefix in /*) ;; *) die "the prefix must be absolute: $prefix" ;; esac
case $destdir in '' | /*) ;; *) destdir=$PWD/$destdir ;; esac
prefix=${prefix%/}

binary=$prefix/bin/lighter
link=$prefix/bin/docker
units=/etc/systemd/system
[ "$prefix" = /usr ] && units=/usr/lib/systemd/system
bash_completion=$prefix/share/bash-completion/completions/lighter
zsh_completion=$prefix/share/zsh/site-functions/_lighter
fish_completion=$prefix/share/fish/vendor_completions.d/lighter.fish

live() { [ -z "$destdir" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null; }
is_our_link() { [ -L "$destdir$link" ] && [ "$(readlink "$destdir$link")" = lighter ]; }

put() { # text on stdin → file, mode; whole or not at all
  local file=$destdir$1 fresh
  mkdir -p "$(dirname "$file")"
  fresh=$(mktemp "$(dirname "$file")/.lighter-XXXXXX")
  cat >"$fresh"
  chmod "$2" "$fresh"
  mv -f "$fresh" "$file"
  echo "installed $file"
}

drop() {
  local file=$destdir$1
  if [ -e "$file" ] || [ -L "$file" ]; then rm -f -- "$file" && echo "removed $file"; fi
}

ensure_group() {
  [ -z "$destdir" ] || return 0
  getent group "$1" >/dev/null || groupadd --system "$1" 2>/dev/null || addgroup -S "$1" || die "cannot make the group $1"
}

stale() { [ ! -x "$1" ] || [ -n "$(find "$project/src" "$project/package.json" "$project/package-lock.json" -newer "$1" -print -quit)" ]; }

check_docker() {
  local other
  if { [ -e "$destdir$link" ] || [ -L "$destdir$link" ]; } && ! is_our_link; then
    die "--docker: $destdir$link is there and is not lighter's"
  fi
  [ -z "$destdir" ] || return 0
  other=$(command -v dockerd || true)
  [ -z "$other" ] || die "--docker: another Docker Engine is installed: $other"
}

install_all() {
  local built=$project/dist/lighter completions shell
  # Whatever may be refused comes before the first file is written.
  if $docker; then check_docker; fi
  if stale "$built"; then "$project/scripts/build.sh" "$built"; fi
  completions=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$completions'" EXIT
  for shell in bash zsh fish; do "$built" completion "$shell" >"$completions/$shell"; done

  put "$binary" 755 <"$built"
  put "$bash_completion" 644 <"$completions/bash"
  put "$zsh_completion" 644 <"$completions/zsh"
  put "$fish_completion" 644 <"$completions/fish"
  sed "s|@BINDIR@|$prefix/bin|" "$project/packaging/lighter.service" | put "$units/lighter.service" 644
  put "$units/lighter.socket" 644 <"$project/packaging/lighter.socket"
  ensure_group lighter
  if $docker; then
    ln -sfn lighter "$destdir$link"
    echo "installed $destdir$link"
    put "$units/lighter-docker.socket" 644 <"$project/packaging/lighter-docker.socket"
    ensure_group docker
  fi
  start_units
}

start_units() {
  local sockets=(lighter.socket)
  if $docker; then sockets+=(lighter-docker.socket); fi
  if live; then
    systemctl daemon-reload
    systemctl enable --quiet --now "${sockets[@]}"
    systemctl enable --quiet lighter.service
    # A running daemon is replaced; its containers go on.
    systemctl restart lighter.service
    echo "lighter runs: $binary version"
  elif [ -z "$destdir" ]; then
    echo "systemd does not run here; start the engine with: $binary daemon"
  fi
}

uninstall_all() {
  if live; then
    systemctl disable --quiet --now lighter.service lighter.socket lighter-docker.socket 2>/dev/null || true
  fi
  drop "$units/lighter.service"
  drop "$units/lighter.socket"
  drop "$units/lighter-docker.socket"
  drop "$bash_completion"
  drop "$zsh_completion"
  drop "$fish_completion"
  if is_our_link; then drop "$link"; fi
  drop "$binary"
  if live; then systemctl daemon-reload; fi
  if [ -z "$destdir" ]; then echo 'images, containers and volumes stay in /var/lib/lighter'; fi
}

[ -n "$destdir" ] || [ "$(id -u)" -eq 0 ] || die 'must be root, or use --destdir'
if $uninstall; then uninstall_all; else install_all; fi
