#!/bin/sh
# A backup from cron, by the user who owns the data, without sudo: mend PATH and MEM_DATA_DIR below or in
# the crontab. One at a time; a second one ends with 75. Prints nothing when all is well, so that cron
# writes mail only when something is wrong.
#
#     0 2 * * * /usr/local/bin/backup-mem.sh
set -eu
umask 077
PATH="${MEM_BIN:-/opt/mem/.venv/bin}:/usr/local/bin:/usr/bin:/bin"
MEM_DATA_DIR="${MEM_DATA_DIR:-/var/lib/mem}"
export PATH MEM_DATA_DIR

lock="${MEM_DATA_DIR}/.backup-mem.lock"
exec 9>"$lock"
flock -n 9 || { echo "backup-mem: another backup is under way" >&2; exit 75; }

said=$(mem backup create 2>&1) || { status=$?; echo "$said" >&2; exit "$status"; }
said=$(mem backup verify 2>&1) || { status=$?; echo "$said" >&2; exit "$status"; }
said=$(mem backup prune --keep "${MEM_KEEP:-14}" 2>&1) || { status=$?; echo "$said" >&2; exit "$status"; }
