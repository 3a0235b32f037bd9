#!/usr/bin/env bash
# A real Request Tracker 5 on loopback with a complaints desk, to try and to test against.
#
#   scripts/start-rt.sh install                     install Debian's packages (as root)
#   scripts/start-rt.sh start --dir DIR [--port N]  start a server whose every file is in DIR; prints its credentials
#   scripts/start-rt.sh stop --dir DIR              stop that server; DIR stays
#   scripts/start-rt.sh demands                     say what is missing on this machine; 0 when nothing is
#
# Options of start: --workers N (3), --zone ZONE (UTC, the server's own time zone).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
server=/usr/share/request-tracker5/libexec/rt-server
packages=(request-tracker5 rt5-db-sqlite rt5-standalone starlet)

fail() {
  echo "start-rt: $*" >&2
  exit 1
}

missing() {
  local package
  for package in "${packages[@]}" curl; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || echo "$package"
  done
}

demands() {
  command -v dpkg-query >/dev/null || fail "Request Tracker 5 is installed from Debian's packages; this is no Debian"
  local lacking
  lacking=$(missing | tr '\n' ' ')
  [ -z "$lacking" ] || fail "not installed: ${lacking}(as root: scripts/start-rt.sh install)"
}

install() {
  command -v apt-get >/dev/null || fail "Request Tracker 5 is installed from Debian's packages; this is no Debian"
  [ -n "$(missing)" ] || return 0
  [ "$(id -u)" = 0 ] || fail "only root can install: apt-get install --no-install-recommends $(missing | tr '\n' ' ')"
  export DEBIAN_FRONTEND=noninteractive
  # No database, no cron jobs and no settings of the system's own: each server brings its own.
  local question
  for question in dbconfig-install handle-siteconfig-permissions install-cronjobs; do
    echo "request-tracker5 request-tracker5/$question boolean false"
  done | debconf-set-selections
  local -a get=(apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold)
  # shellcheck disable=SC2046  # one package a word
  "${get[@]}" install --no-install-recommends $(missing) </dev/null ||
    { "${get[@]}" update </dev/null && "${get[@]}" install --no-install-recommends $(missing) </dev/null; }
}

free_port() {
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# True while the process that we recorded is still the server of this directory.
alive() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null) && [ -n "$pid" ] && [ -r "/proc/$pid/environ" ] &&
    { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qxF "OMBUD_RT_DIR=$dir"
}

answers() {
  local code
  code=$(curl -q -s -o /dev/null -m 20 --noproxy '*' -w '%{http_code}' -u root:password "http://127.0.0.1:$1/REST/2.0/rt") || true
  [ "$code" = 200 ]
}

show() {
  echo "RT_URL=http://127.0.0.1:$(cat "$dir/port")"
  echo "RT_DIR=$dir"
  cat "$dir/credentials.env"
}

seed() {
  local -a setup=(rt-setup-database-5 --dba '' --dba-password '')
  rm -f "$dir"/rt.sqlite*
  {
    "${setup[@]}" --action init --force
    "${setup[@]}" --action insert --skip-create --datafile "$here/rt/complaints.initialdata"
    perl "$here/rt/tokens.pl" >"$dir/credentials.new"
  } </dev/null >"$dir/setup.log" 2>&1 || { tail -n 20 "$dir/setup.log" >&2; fail "the database was not made"; }
  grep '^RT_TOKEN_' "$dir/credentials.new" >"$dir/credentials.env"
  rm "$dir/credentials.new"
}

start() {
  demands
  mkdir -p "$dir"/{mason,sessions,site.d}
  chmod 700 "$dir"
  exec 9>"$dir/lock"
  flock 9
  if alive && answers "$(cat "$dir/port")"; then show; return; fi

  port=${port:-$(free_port)}
  export OMBUD_RT_DIR=$dir OMBUD_RT_PORT=$port OMBUD_RT_ZONE=$zone
  export RT_SITE_CONFIG=$here/rt/RT_SiteConfig.pm RT_SITE_CONFIG_DIR=$dir/site.d
  [ -s "$dir/credentials.env" ] || seed
  echo "$port" >"$dir/port"
  # A process group of its own, so that stop reaches the workers and nothing else.
  setsid "$server" --server Starlet --host 127.0.0.1 --port "$port" --max-workers "$workers" \
    --max-keepalive-reqs 100 </dev/null >>"$dir/server.log" 2>&1 9>&- &
  echo $! >"$dir/pid"
  local attempt
  for attempt in $(seq 240); do
    if answers "$port"; then show; return; fi
    if [ "$attempt" -gt 4 ] && ! alive; then break; fi
    sleep 0.25
  done
  tail -n 20 "$dir/server.log" >&2
  fail "no answer on port $port; the log is $dir/server.log"
}

stop() {
  alive || return 0
  local pid
  pid=$(cat "$dir/pid")
  kill -TERM -- "-$pid" 2>/dev/null || true
  for _ in $(seq 40); do
    alive || break
    sleep 0.25
  done
  if alive; then kill -KILL -- "-$pid"; fi
  rm -f "$dir/pid"
}

command=${1:-}
[ $# -eq 0 ] || shift
dir='' port='' workers=3 zone=UTC
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value"
  case $1 in
    --dir) dir=$2 ;;
    --port) port=$2 ;;
    --workers) workers=$2 ;;
    --zone) zone=$2 ;;
    *) fail "unknown option $1" ;;
  esac
  shift 2
done

case $command in
  install | demands) $command ;;
  start | stop)
    [ -n "$dir" ] || fail "--dir DIR is needed"
    dir=$(realpath -m "$dir")
    $command
    ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
