#!/usr/bin/env bash
# Bring into the checkout what its make targets need; what is there already is left alone, without a look at the network.
#
#   scripts/set-up.sh python   .venv with the locked packages and this project, editable
#   scripts/set-up.sh bench    the rivals that `make bench` measures against
#   scripts/set-up.sh pm4py    the rival that is AGPL, in an environment of its own
#   scripts/set-up.sh prism    Prism, and Node where the system has none or too old a one
#   scripts/set-up.sh rt       Debian's packages of Request Tracker 5
#   scripts/set-up.sh chromium Debian's Chromium, which tests look at pages with
#
# Each part leaves a stamp named after a digest of what it was made from.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONNOUSERSITE=1
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV

say() { echo "set-up: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# stamp NAME FILE...: the path of the stamp for these files.
stamp() {
  local name=$1
  shift
  echo "$name-$(cat "$@" | sha256sum | cut -c1-16)"
}

# done_as STAMP: keep this stamp alone of its kind.
done_as() {
  rm -f "${1%-*}"-*
  touch "$1"
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "needs Python 3.11 or later; install it, or name it: make PYTHON=/path/to/python3 ..."
}

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  local -a get=(apt-get -q -y -o DPkg::Lock::Timeout=600)
  "${get[@]}" install --no-install-recommends "$@" </dev/null ||
    { "${get[@]}" update </dev/null && "${get[@]}" install --no-install-recommends "$@" </dev/null; }
}

make_venv() { # FOLDER
  local python
  python=$(find_python)
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    apt_install python3-venv || fail "$python has no venv; on Debian or Ubuntu: apt-get install python3-venv"
  fi
  "$python" -m venv "$1"
}

locked() { # VENV LOCK
  "$1/bin/python" -m pip install --quiet --require-hashes -r "$2"
}

python_part() {
  local packages project
  packages=.venv/.$(stamp packages requirements/dev.txt)
  # Where the checkout was moved, its scripts and the editable install point nowhere.
  if [ -e "$packages" ] && ! .venv/bin/ruff --version >/dev/null 2>&1; then rm -rf .venv; fi
  if [ ! -e "$packages" ]; then
    [ -x .venv/bin/python ] || make_venv .venv
    say "installing the locked packages"
    locked .venv requirements/dev.txt
    done_as "$packages"
  fi
  project=.venv/.$(stamp project pyproject.toml <(pwd))
  if [ ! -e "$project" ]; then
    # Without an index: what building needs is among the locked packages.
    .venv/bin/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
    done_as "$project"
  fi
}

bench_part() {
  python_part
  local rivals
  rivals=.venv/.$(stamp rivals requirements/bench.txt)
  [ ! -e "$rivals" ] || return 0
  say "installing the rivals of the benchmarks"
  locked .venv requirements/bench.txt
  done_as "$rivals"
}

# pm4py is AGPL: it stands apart, and is run beside, never imported.
pm4py_part() {
  local miner
  mkdir -p .build
  miner=.build/.$(stamp pm4py requirements/pm4py.txt <(pwd))
  [ ! -e "$miner" ] || return 0
  say "installing pm4py in an environment of its own"
  rm -rf .build/pm4py
  make_venv .build/pm4py
  locked .build/pm4py requirements/pm4py.txt
  done_as "$miner"
}

node_is_new_enough() { # NODE: Prism needs 18.20.1
  "$1" -e 'const [a, b, c] = process.versions.node.split(".").map(Number);
           process.exit(a > 18 || (a === 18 && (b > 20 || (b === 20 && c >= 1))) ? 0 : 1)' 2>/dev/null
}

prism_part() {
  local at bin=''
  mkdir -p .build
  at=.build/.$(stamp prism tests/contract/package-lock.json requirements/node.txt <(pwd))
  [ ! -e "$at" ] || return 0
  if command -v npm >/dev/null && node_is_new_enough node; then
    bin=$(dirname "$(command -v node)")
  else
    say "installing Node"
    make_venv .build/node
    locked .build/node requirements/node.txt
    bin=$PWD/.build/node/bin
  fi
  say "installing Prism"
  rm -rf .build/prism
  mkdir -p .build/prism .build/bin
  cp tests/contract/package.json tests/contract/package-lock.json .build/prism/
  (cd .build/prism && PATH="$bin:$PATH" npm_config_cache="$PWD/../npm" npm_config_update_notifier=false \
    npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null) || fail "npm could not install Prism"
  rm -rf .build/npm
  printf '#!/bin/sh\nexec "%s/node" "%s/.build/prism/node_modules/.bin/prism" "$@"\n' "$bin" "$PWD" >.build/bin/prism
  chmod +x .build/bin/prism
  .build/bin/prism --version >/dev/null || fail "Prism was installed but does not run"
  done_as "$at"
}

rt_part() {
  scripts/start-rt.sh demands 2>/dev/null && return 0
  scripts/start-rt.sh install >&2 && return 0
  say "no Request Tracker 5: tests marked rt will be skipped, and fail with OMBUD_CI=1"
}

chromium_part() {
  command -v chromium >/dev/null && return 0
  say "installing Chromium"
  apt_install chromium >&2 && return 0
  say "no Chromium: tests marked browser will be skipped, and fail with OMBUD_CI=1"
}

[ $# -gt 0 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
# One at a time in a checkout.
mkdir -p .build
exec 8>.build/lock
flock 8 2>/dev/null || say "no flock here: do not run two set-ups at once"
for part in "$@"; do
  case $part in
    python | bench | pm4py | prism | rt | chromium) "${part}_part" 8>&- ;;
    *) fail "no such part: $part" ;;
  esac
done
