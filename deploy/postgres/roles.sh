#!/bin/sh
# Runs once, when PostgreSQL's data volume is new: two owners, so that neither program can read the other's tables.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set kundresa="$POSTGRES_KUNDRESA_PASSWORD" --set temporal="$POSTGRES_TEMPORAL_PASSWORD" <<'SQL'
CREATE ROLE kundresa LOGIN PASSWORD :'kundresa';
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE kundresa OWNER kundresa;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE kundresa, temporal, temporal_visibility FROM PUBLIC;
SQL
