#!/usr/bin/env bash
# Test on several cards, or on several CPU ranks where there are no cards:
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
# Several machines: as for tools/dist_train.sh.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_dist.sh"
if [ $# -lt 3 ]; then
    echo "usage: tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]" >&2
    exit 2
fi
config=$1 checkpoint=$2 gpus=$3
shift 3
exec "$python" "$tools/_torchrun.py" "$gpus" "$tools/test.py" "$config" "$checkpoint" "$@"
