#!/usr/bin/env bash
# Train all folds of a data set one after the other, predict each fold's own pictures, merge and score them:
#   tools/train_folds.sh CONFIG GPUS [options of tools/train.py]
# Runs are work_dirs/<config name>_foldK (with --work-dir: WORK_DIR_foldK), the merged predictions in ..._oof. Broken off,
# the same command goes on: finished folds are skipped, a started one is resumed. --max-hours is for all together.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_dist.sh"
exec "$python" "$tools/_train_folds.py" "$@"
