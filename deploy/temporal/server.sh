#!/bin/sh
# Temporal takes its password only from the environment. Set here, it is in no file but the secret's, and `docker inspect` does not show it.
set -eu
POSTGRES_PWD="$(cat /run/secrets/postgres_password)"
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
