#!/bin/sh
# Each run makes one folder: Temporal's databases first, then records, so that records are never behind what a workflow knows to be written.
# Folders that will be older than BACKUP_DAYS (35) before the next night are deleted, so that an erasure has reached every backup by then.
# BACKUP_DAYS is the programmes' retention.backups.
# They are deleted first, whatever becomes of the new one: on a full disk they make room for it. An incomplete folder is deleted at once.
# Keys are not in it, and belong elsewhere.
set -eu
umask 077
to="${BACKUPS:-/backups}"
PGPASSWORD="$(cat "${PASSWORD_FILE:-/run/secrets/postgres_password}")"
export PGPASSWORD
days="${BACKUP_DAYS:-35}"
name="$(date -u +%Y-%m-%dT%H-%M-%SZ)"
find "$to" -mindepth 1 -maxdepth 1 -type d -name '20*' -mmin "+$(((days - 1) * 24 * 60))" -exec rm -rf {} +
trap 'rm -rf "$to/$name.unfinished"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$to/$name.unfinished"
for database in temporal temporal_visibility mentorship; do
    pg_dump --format=custom --file="$to/$name.unfinished/$database.dump" "$database"
done
mv "$to/$name.unfinished" "$to/$name"
echo "$name"
