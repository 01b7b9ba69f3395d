#!/bin/sh
# A certificate for the trial's mailbox, made once: Kundresa never speaks to a relay on another host in clear,
# not even in a trial. Workers trust it by TRUSTED_CERTIFICATES in .env.
set -eu

cd "${1:-/trial}"
[ -s mailbox.pem ] && exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 825 \
    -subj '/CN=Kundresa trial mailbox' -addext 'subjectAltName=DNS:mailbox' \
    -addext 'keyUsage=critical,digitalSignature,keyCertSign' -addext 'extendedKeyUsage=serverAuth' \
    -keyout mailbox.key -out mailbox.new
chmod 644 mailbox.new
mv mailbox.new mailbox.pem
