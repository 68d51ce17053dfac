#!/bin/sh
# One folder an instant: Temporal's databases first, then records, so that records are never behind what a workflow knows to be written.
# Folders older than BACKUP_DAYS (35) go, so that an erasure has happened in every backup by then: the programmes' retention.backups.
# Keys are not here, and belong elsewhere.
set -eu
umask 077
to="${BACKUPS:-/backups}"
PGPASSWORD="$(cat "${PASSWORD_FILE:-/run/secrets/postgres_password}")"
export PGPASSWORD
days="${BACKUP_DAYS:-35}"
name="$(date -u +%Y-%m-%dT%H-%M-%SZ)"
mkdir "$to/$name.unfinished"
for database in temporal temporal_visibility mentorship; do
    pg_dump --format=custom --file="$to/$name.unfinished/$database.dump" "$database"
done
mv "$to/$name.unfinished" "$to/$name"
find "$to" -mindepth 1 -maxdepth 1 -type d -name '20*' -mtime "+$((days - 1))" -exec rm -rf {} +
echo "$name"
