#!/usr/bin/env bash
# Predict on several cards, or on several CPU ranks where there are no cards:
#   tools/dist_predict.sh CONFIG CHECKPOINT GPUS IMAGES... --out FILE [options of tools/predict.py]
# Several machines: as for tools/dist_train.sh; they need not share a folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_dist.sh"
if [ $# -lt 4 ]; then
    echo "usage: tools/dist_predict.sh CONFIG CHECKPOINT GPUS IMAGES... --out FILE [options of tools/predict.py]" >&2
    exit 2
fi
config=$1 checkpoint=$2 gpus=$3
shift 3
exec "$python" "$tools/_torchrun.py" "$gpus" "$tools/predict.py" "$config" "$checkpoint" "$@"
