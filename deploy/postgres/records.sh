#!/bin/sh
# Runs once, when Postgres creates its data folder. Creates a database for records whose user cannot touch Temporal's.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/records_password)" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE mentorship LOGIN PASSWORD :'password';
CREATE DATABASE mentorship OWNER mentorship;
REVOKE CONNECT ON DATABASE mentorship FROM PUBLIC;
SQL
