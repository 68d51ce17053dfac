#!/bin/sh
# Temporal takes its password from the environment only; like this it stands in no file but the secret's, and in no `docker inspect`.
set -eu
POSTGRES_PWD="$(cat /run/secrets/postgres_password)"
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
