#!/usr/bin/env bash
# Prints as Markdown what docs/performance.md needs from a GPU.
usage() {
    cat <<'EOF'
Usage: bash tools/dev/gpu_report.sh [--device cpu --small] [--no-venv] [--help]

Times training steps of both distillations (HRNetV2-w18 -> HRNetV2-w18, and ->
ShuffleNetV2) at 256x256, batch 64, bfloat16; then loading on all cores; then the
teacher as a CUDA graph and both networks compiled. Prints Markdown within 9 minutes,
the most wanted figures first and each as soon as it is known. If a step fails or takes
more than its share of the time left, the next one goes on.

  --device cpu --small   the same steps with tiny batches in float32, without
                         compiling, to test the report itself on a CPU

Environment variables:
  SECONDS_IN_ALL  time for everything  [530]
EOF
}
set -uo pipefail  # not -e: the next step goes on
source "$(dirname "$0")/../environment.sh"

kd=configs/thermal_face_2d_keypoint/mlcm_kd
heavy=$kd/sftl54/ktl-dikd_hrnetv2-w18_1xb64-60e_sftl54-256x256.py
light=$kd/sftl54/mcl-dikd_shufflenetv2_1xb64-60e_sftl54-256x256.py
training=(--device cuda --amp bfloat16 --batch 64 --rounds 10)
pairs=(--size 640 --train 64)
loading=(--samples 16 --rounds 2 --workers 1 "$(nproc --all)")
set -- ${rest[@]+"${rest[@]}"}
while [ $# -gt 0 ]; do
    case "$1" in
        --device) device=${2:-}; shift ;;
        --small) small=1 ;;
        --help|-h) usage; exit 0 ;;
        *) echo "gpu_report: $1 is not an option." >&2; usage >&2; exit 2 ;;
    esac
    shift
done
case "${device:-cuda} ${small:-0}" in
    'cuda 0') ;;
    'cpu 1')
        heavy=$kd/synthetic/ktl-dikd_res18-w32_1xb32-20e_synthetic-96x96.py
        light=$kd/synthetic/mcl-dikd_shufflenetv2-w0.5_1xb32-20e_synthetic-96x96.py
        training=(--device cpu --batch 2 --rounds 1)
        pairs=(--size 64 --train 8)
        loading=(--samples 16 --rounds 1 --input-size 64 --workers 0)
        export TORCHDYNAMO_DISABLE=1 ;;
    *) echo 'gpu_report: use a GPU, or --device cpu --small.' >&2; exit 2 ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
end=$((SECONDS + ${SECONDS_IN_ALL:-530}))

# Usage: step PERCENT_OF_THE_TIME_LEFT TITLE SCRIPT ARGUMENTS...
step() {
    local limit=$(((end - SECONDS) * $1 / 100)) title=$2 status
    shift 2
    [ "$limit" -gt 0 ] || limit=1  # 0 would be no limit
    printf '\n## %s\n\n`python %s`\n\n' "$title" "$*"
    timeout -k 3 "$limit" "$py" -W ignore "$@" 2>"$folder/errors" |
        sed -u '/ - mmengine - INFO - /d; /OneDL/d' && return
    status=$?
    printf '\n**Failed** with status %d (124 or 137: took more than %d s)\n\n```\n' "$status" "$limit"
    tail -n 8 "$folder/errors"
    printf '```\n'
}

timed=tools/analysis_tools/benchmark_training.py
printf '# GPU report, %s, commit %s\n' "$(date +%F)" "$(git rev-parse --short HEAD 2>/dev/null)"
step 40 'Training: the heavy pair' $timed $heavy "${training[@]}"
step 40 'Training: the light pair' $timed $light "${training[@]}"
step 20 'Pairs to load' tools/misc/make_synthetic_pairs.py "$folder/pairs" "${pairs[@]}" \
    --val 1 --test 1 --extra 0
step 30 "Loading; a GPU needs as many pairs/s as DIKD's step above" \
    tools/dev/benchmark_loading.py --data-root "$folder/pairs" "${loading[@]}"
step 40 'Compiled (teacher): the heavy pair' $timed $heavy "${training[@]}" --compile teacher
step 40 'Compiled (teacher): the light pair' $timed $light "${training[@]}" --compile teacher
step 50 'Compiled (both): the light pair' $timed $light "${training[@]}" --compile both
step 100 'Compiled (both): the heavy pair' $timed $heavy "${training[@]}" --compile both
printf '\n%d s in all.\n' "$SECONDS"
