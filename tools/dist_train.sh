#!/usr/bin/env bash
# Trains on several GPUs, of one node or more.
set -euo pipefail
if [ $# -lt 2 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    echo "Usage: bash tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]"
    echo "GPUS are those of this node. NNODES, NODE_RANK, MASTER_ADDR and PORT are for more nodes:"
    echo "  NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 bash tools/dist_train.sh CONFIG 8   # and NODE_RANK=1 on the other"
    [ "${1:-}" = --help ] || [ "${1:-}" = -h ]
    exit
fi
config=$1 gpus=$2
shift 2
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$gpus" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
