#!/bin/sh
# Starts Mem in a container. A container is reached from outside itself, and Mem answers nobody from there
# without a token; so the first start makes one, and says where it lies but never what it is. `prepare` does
# only that and brings the schema up to date, before several servers and workers start at once.
set -eu
umask 077

[ "${1:-serve}" != prepare ] || mem db migrate
if [ "${1:-serve}" = serve ] || [ "$1" = prepare ]; then
    file="${MEM_DATA_DIR:-/data}/secrets/admin.token"
    if [ ! -s "$file" ]; then
        mkdir -p "${file%/*}"
        mem token create --name admin --scope read,write,capture,admin,metrics --json \
            | python -c 'import json, sys; print(json.load(sys.stdin)["secret"])' > "$file.part"
        mv "$file.part" "$file"
        echo "mem: a first token was made; it lies in $file" >&2
    fi
fi
[ "${1:-serve}" != prepare ] || exit 0
exec mem "$@"
