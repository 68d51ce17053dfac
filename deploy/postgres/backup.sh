#!/bin/sh
# One folder an instant: Temporal's databases first, then records, so that records are never behind what a workflow knows to be written.
# Folders that will be older than BACKUP_DAYS (35) before the next night go, so that an erasure has happened in every backup by then: the
# programmes' retention.backups.
# They go first, whatever becomes of the new one: on a full disk they are the room for it. What is not whole goes at once.
# Keys are not here, and belong elsewhere.
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
