#!/bin/sh
# Physical backups of one PostgreSQL server (17 or newer, summarize_wal=on) with the tools it brings. Every database of the
# server is in them, and transaction numbers stay what they were: decisions in `leads` are explained by them.
#
#   backup.sh full                      a whole backup
#   backup.sh incremental               what changed since the newest backup
#   backup.sh list                      name, what it builds on, size
#   backup.sh verify [<which>]          the files of a backup and of all it builds on, by their checksums
#   backup.sh restore <which> <folder>  a data folder to start PostgreSQL on
#   backup.sh prune [<weeks>]           removes what is older and no younger backup builds on (4, or BACKUP_WEEKS)
#
# <which>: a name, `latest` or a time in UTC: the newest backup that ended by then (2026-03-10T18:30, 2026-03-10).
# BACKUP_FOLDER says where; the server is named by libpq's own variables (PGHOST, PGUSER, PGPASSWORD, PGSSLMODE …), its user
# has the right REPLICATION. Exit codes: 0 done, 2 called wrongly, 3 refused, else what PostgreSQL's tool said.
#
# A backup is <stamp>-<kind>/data with PostgreSQL's manifest of every file. It gets its name only when it was read again
# and found whole, by a rename: a run that is killed leaves nothing that looks like a backup.
set -eu
umask 077

say() { echo "backup: $*"; }
refuse() { echo "backup: $*" >&2; exit 3; }
wrong() { sed -n '5,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }

backups() { ls -1 "$store" | grep -E '^[0-9]{8}T[0-9]{6}Z-(full|incremental)$' | sort || true; }
latest() { backups | tail -n 1; }
version() { pg_combinebackup --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/'; }

# One at a time. The lock lives as long as this process and its tools, however they end.
alone() {
  exec 9>"$store/.lock"
  flock -w "${BACKUP_WAIT:-3600}" 9 || refuse "another run holds $store/.lock for longer than ${BACKUP_WAIT:-3600} seconds"
  rm -rf "$store"/.partial "$store"/.going-*
}

# The backup and all it builds on, the full one first.
chain_of() {
  name=$1 chain=
  while :; do
    [ -f "$store/$name/data/backup_manifest" ] || refuse "$1 builds on $name, which is not there"
    chain="$name $chain"
    case $name in *-full) break ;; esac
    name=$(cat "$store/$name/builds_on")
  done
  echo "$chain"
}

pick() {
  case $1 in
    latest) found=$(latest) ;;
    *-full | *-incremental) found=$(backups | grep -Fx -e "$1" || true) ;;
    *)
      time=$(echo "$1" | tr -d ':-' | tr ' ' T)
      echo "$time" | grep -Eqx '[0-9]{8}(T([0-9]{2}){1,3}Z?)?' || refuse "$1 is no name, no 'latest' and no time in UTC"
      found=$(backups | awk -v time="$time" 'substr($0, 1, length(time)) "" <= time ""' | tail -n 1)
      ;;
  esac
  [ -n "$found" ] || refuse "no backup $1 in $store"
  echo "$found"
}

enough_room() {
  last=$(backups | grep full | tail -n 1 || true)
  [ -n "$last" ] || return 0
  needed=$(du -sk "$store/$last" | cut -f 1)
  free=$(df -Pk "$store" | awk 'NR == 2 { print $4 }')
  [ "$free" -gt $((needed + needed / 10)) ] ||
    refuse "$((free / 1024)) MB free in $store, the last full backup took $((needed / 1024)) MB: prune, or make room"
}

# Whoever restored a server went back in time: later backups of the former history must not be built on, and PostgreSQL
# can't tell them apart. So a restored data folder carries a mark, which its backups carry with it.
same_history() {
  cmp -s "$store/$1/data/closeloop_restored" "$store/.partial/data/closeloop_restored" && return
  [ ! -e "$store/$1/data/closeloop_restored" ] && [ ! -e "$store/.partial/data/closeloop_restored" ] && return
  rm -rf "$store/.partial"
  refuse "the server was restored since $1: take a full backup first"
}

take() {
  alone
  before='' since=''
  if [ "$1" = incremental ]; then
    before=$(latest)
    [ -n "$before" ] || refuse "nothing to build on in $store: take a full backup first"
    chain_of "$before" >/dev/null
    since=--incremental=$store/$before/data/backup_manifest
  else
    enough_room
  fi
  mkdir "$store/.partial"
  pg_basebackup --no-password --checkpoint=fast --wal-method=stream --manifest-checksums=SHA256 \
    --label="closeloop $1" --pgdata="$store/.partial/data" ${since:+"$since"}
  [ "$(cat "$store/.partial/data/PG_VERSION")" = "$(version)" ] ||
    refuse "these tools are of PostgreSQL $(version), the server is not: it could not be restored by them"
  pg_verifybackup --quiet "$store/.partial/data"
  if [ -n "$before" ]; then
    same_history "$before"
    echo "$before" >"$store/.partial/builds_on"
  fi
  publish "$1"
}

publish() {
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  case $(latest) in "$stamp"*) sleep 1 && stamp=$(date -u +%Y%m%dT%H%M%SZ) ;; esac
  newest=$({ backups; echo "$stamp-$1"; } | sort | tail -n 1)
  [ "$newest" = "$stamp-$1" ] || refuse "the clock says $stamp, but $newest is there already"
  sync "$store"/.partial/* "$store/.partial"
  mv "$store/.partial" "$store/$stamp-$1"
  sync "$store"
  say "$stamp-$1 is whole, $(du -sh "$store/$stamp-$1" | cut -f 1)"
}

verify() {
  name=$(pick "$1")
  chain=$(chain_of "$name")
  for each in $chain; do
    pg_verifybackup --quiet "$store/$each/data" || refuse "$each is damaged"
  done
  say "$name is whole"
}

restore() {
  name=$(pick "$1") target=${2%/}
  chain=$(chain_of "$name")
  [ ! -e "$target" ] || rmdir "$target" 2>/dev/null || refuse "$target is there: name a folder that is not, or is empty"
  verify "$name"
  rm -rf "$target.partial"
  set --
  for each in $chain; do set -- "$@" "$store/$each/data"; done
  pg_combinebackup --output="$target.partial" "$@"
  pg_verifybackup --quiet "$target.partial"
  echo "$name $(date -u +%Y-%m-%dT%H:%M:%SZ) $(od -An -N8 -tx1 /dev/urandom | tr -d ' ')" >"$target.partial/closeloop_restored"
  sync "$target.partial/closeloop_restored" "$target.partial"
  mv "$target.partial" "$target"
  say "$name is in $target"
}

prune() {
  case $1 in '' | *[!0-9]*) wrong ;; esac
  alone
  edge=$(date -u -d "@$(($(date +%s) - $1 * 604800))" +%Y%m%dT%H%M%SZ)
  needed=" "
  for each in $(backups | awk -v edge="$edge" '$0 "" >= edge ""') $(latest); do
    needed="$needed$(chain_of "$each" 2>/dev/null || echo "$each") "
  done
  # The newest first: what is left when this is killed can be restored.
  for each in $(backups | sort -r); do
    case $needed in *" $each "*) continue ;; esac
    mv "$store/$each" "$store/.going-$each"
    rm -rf "$store/.going-$each"
    say "$each is removed"
  done
}

list() {
  for each in $(backups); do
    printf '%s\t%s\t%s\n' "$each" "$(cat "$store/$each/builds_on" 2>/dev/null || echo -)" "$(du -sh "$store/$each" | cut -f 1)"
  done
}

store=${BACKUP_FOLDER:?is the folder of the backups}
mkdir -p "$store"
case "${1:-} $#" in
  "full 1" | "incremental 1") take "$1" ;;
  "list 1") list ;;
  "verify 1" | "verify 2") verify "${2:-latest}" ;;
  "restore 3") restore "$2" "$3" ;;
  "prune 1" | "prune 2") prune "${2:-${BACKUP_WEEKS:-4}}" ;;
  *) wrong ;;
esac
