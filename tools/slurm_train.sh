#!/usr/bin/env bash
# Trains as a job step of Slurm.
set -euo pipefail
if [ $# -lt 2 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    echo "Usage: bash tools/slurm_train.sh PARTITION CONFIG [arguments of tools/train.py]"
    echo "GPUS (default 8), GPUS_PER_NODE (8), CPUS_PER_TASK (8), JOB_NAME and SRUN_ARGS are for srun:"
    echo "  GPUS=16 bash tools/slurm_train.sh gpu CONFIG --work-dir work_dirs/ktl"
    [ "${1:-}" = --help ] || [ "${1:-}" = -h ]
    exit
fi
partition=$1 config=$2
shift 2
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
[ "$gpus" -ge "$per_node" ] || per_node=$gpus
# shellcheck disable=SC2086  (SRUN_ARGS are several)
exec srun --partition="$partition" --job-name="${JOB_NAME:-mmpose_thermal}" \
    --ntasks="$gpus" --ntasks-per-node="$per_node" --gres="gpu:$per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-8}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$config" --launcher slurm "$@"
