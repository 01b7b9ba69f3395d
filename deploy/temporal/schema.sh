#!/bin/sh
# Brings Temporal's two databases to the schema of this server version. Every step may run again: what is there is kept,
# and only what is missing is applied. So this job is also the way to upgrade: schema first, then the server.
set -eu

bring_up() {
    temporal-sql-tool --database "$1" setup-schema --version 0.0
    temporal-sql-tool --database "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

bring_up temporal temporal
bring_up temporal_visibility visibility
