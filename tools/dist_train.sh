#!/usr/bin/env bash
# Train on several cards, or on several CPU ranks where there are no cards:
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
# On several machines run it on each with NNODES, NODE_RANK and MASTER_ADDR set (PORT, default 29500, is the same on all).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_dist.sh"
if [ $# -lt 2 ]; then
    echo "usage: tools/dist_train.sh CONFIG GPUS [options of tools/train.py]" >&2
    exit 2
fi
config=$1 gpus=$2
shift 2
exec "$python" "$tools/_torchrun.py" "$gpus" "$tools/train.py" "$config" "$@"
