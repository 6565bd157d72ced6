#!/usr/bin/env bash
# Brings a machine to where `npm start` and `npm test` work. Idempotent: what is there is left alone, and a second run takes
# a fraction of a second. Debian and Ubuntu get what is missing through apt; on any other Linux the script names it and stops.
#   scripts/setup.sh [--check]     --check changes nothing: it lists what is missing and exits 1 when something is
set -euo pipefail
cd "$(dirname "$0")/.."
check_only=false
[ "${1:-}" = --check ] && check_only=true

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# command | what it is for | Debian, Ubuntu | Fedora | Alpine | Arch
tools='
crun|OCI runtime: starts the containers|crun|crun|crun|crun
runc|the same where crun refuses the host; tests run both|runc|runc|runc|runc
conmon|monitor of each container: terminal, log, exit code|conmon|conmon|conmon|conmon
nft|NAT and published ports|nftables|nftables|nftables|nftables
ip|network diagnosis and tests|iproute2|iproute|iproute2|iproute2
busybox|statically linked; the base image "busybox"|busybox-static|busybox|busybox-static|busybox
debootstrap|the base images "debian"|debootstrap|debootstrap|debootstrap|debootstrap
xz|images compressed with xz|xz-utils|xz|xz|xz
zstd|test data compressed with zstd|zstd|zstd|zstd|zstd
bzip2|images compressed with bzip2|bzip2|bzip2|bzip2|bzip2
ps|the command "top"|procps|procps-ng|procps|procps-ng
tini|a small init for --init|tini|tini|tini|tini
curl|raw requests of a test|curl|curl|curl|curl
python3|hands a listening socket over in a test|python3|python3|python3|python
modprobe|loads the kernel modules|kmod|kmod|kmod|kmod
ca-certificates|HTTPS to registries|ca-certificates|ca-certificates|ca-certificates|ca-certificates
'

present() {
  case $1 in
    ca-certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -s /etc/pki/tls/certs/ca-bundle.crt ] ;;
    busybox) local file && file=$(command -v busybox) && ! ldd "$file" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing_tools() {
  local name rest
  while IFS='|' read -r name rest; do
    [ -z "$name" ] || present "$name" || printf '%s|%s\n' "$name" "$rest"
  done <<<"$tools"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else die "must be root for: $*"; fi
}

is_debian() {
  command -v apt-get >/dev/null || return 1
  (. /etc/os-release && case " ${ID:-} ${ID_LIKE:-} " in *' debian '* | *' ubuntu '*) true ;; *) false ;; esac)
}

name_missing() {
  local name purpose debian fedora alpine arch
  say 'these commands are missing:'
  while IFS='|' read -r name purpose debian fedora alpine arch; do
    printf '  %-16s %s\n  %-16s Debian, Ubuntu: %s · Fedora: %s · Alpine: %s · Arch: %s\n' \
      "$name" "$purpose" '' "$debian" "$fedora" "$alpine" "$arch" >&2
  done <<<"$1"
}

setup_tools() {
  local missing packages
  missing=$(missing_tools)
  [ -n "$missing" ] || return 0
  if $check_only || ! is_debian; then
    name_missing "$missing"
    die 'install them with your package manager, then run this again'
  fi
  packages=$(cut -d'|' -f3 <<<"$missing" | tr '\n' ' ')
  say "installing $packages"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  # An update that fails may still leave lists that serve: the installation decides.
  as_root "${apt[@]}" update >&2 || say 'apt-get update failed, going on with the lists that are there'
  # shellcheck disable=SC2086
  as_root "${apt[@]}" install -y --no-install-recommends $packages >&2
  missing=$(missing_tools)
  [ -z "$missing" ] || { name_missing "$missing" && die 'apt installed the packages, but these commands are still missing'; }
}

setup_node_modules() {
  command -v node >/dev/null || die 'node is missing: install Node.js 20 or newer'
  command -v npm >/dev/null || die 'npm is missing: it comes with Node.js'
  [ "$(node -p 'process.versions.node.split(".")[0] >= 20')" = true ] || die "Node.js 20 or newer is needed, found $(node --version)"
  local stamp=node_modules/.lighter-lock want
  want=$(sha256sum package-lock.json | cut -d' ' -f1)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] && ! { [ -d node_modules ] && npm ls --all >/dev/null 2>&1; }; then
    $check_only && die 'node_modules is missing or stale: npm ci'
    say 'npm ci'
    npm ci --no-audit --no-fund >&2
  fi
  setup_bun
  $check_only || printf '%s\n' "$want" >"$stamp"
}

# npm may hold back install scripts; without its own, the bun package has no program in place.
setup_bun() {
  local want
  want=$(node -p 'require("./package.json").devDependencies.bun')
  [ "$(node_modules/.bin/bun --version 2>/dev/null)" = "$want" ] && return
  $check_only && die "bun $want is not in place: node node_modules/bun/install.js"
  say "putting bun $want in place"
  (cd node_modules/bun && node install.js) >&2
  [ "$(node_modules/.bin/bun --version)" = "$want" ] || die "node_modules/.bin/bun is not bun $want"
}

# crun refuses a host whose cgroup v2 tree, beside a v1 hierarchy, still carries hugetlb: it wants it in v1.
setup_cgroups() {
  local unified=/sys/fs/cgroup/unified v1=/sys/fs/cgroup/hugetlb
  [ -r $unified/cgroup.controllers ] && grep -qw hugetlb $unified/cgroup.controllers || return 0
  grep -qE '^\S+ \S+ cgroup \S*\bhugetlb\b' /proc/mounts && return 0
  $check_only && die "cgroup v1 lacks hugetlb: mount -t cgroup -o hugetlb cgroup $v1"
  say "mounting cgroup v1 hugetlb at $v1"
  as_root mkdir -p $v1
  as_root mount -t cgroup -o hugetlb cgroup $v1 || say 'that failed; runc will be used in place of crun'
}

# Built-in or forbidden to load is fine: what counts is asked of the kernel afterwards.
setup_modules() {
  local module
  $check_only || for module in overlay veth bridge nf_tables nft_nat nft_masq nft_ct br_netfilter; do
    [ -d "/sys/module/$module" ] || as_root modprobe -q "$module" 2>/dev/null || true
  done
  grep -qw overlay /proc/filesystems || die 'the kernel has no overlayfs: enable CONFIG_OVERLAY_FS or load the module overlay'
}

[ "$(uname -s)" = Linux ] || die "lighter runs on Linux, this is $(uname -s)"
setup_tools
setup_node_modules
setup_cgroups
setup_modules
