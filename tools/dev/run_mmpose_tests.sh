#!/usr/bin/env bash
# Runs MMPose's own tests with and without this plugin imported, and compares.
set -euo pipefail
source "$(dirname "$0")/../environment.sh"
case " ${rest[*]-} " in
    *" --help "*|*" -h "*|"  ")
        echo "Usage: bash tools/dev/run_mmpose_tests.sh [--no-venv] MMPOSE_CHECKOUT [arguments of pytest]"
        echo "Runs the tests of a checkout of MMPose (git clone -b v1.3.2) twice, without and"
        echo "with this plugin. Ends with 1 if a test passes without it and fails with it."
        echo "Some of them need the package parameterized, and albumentations and poseval."
        [ -n "${rest[*]-}" ]; exit ;;
esac
checkout=$(cd "${rest[0]}" && pwd)
case "$py" in */*) py=$(cd "$(dirname "$py")" && pwd)/$(basename "$py") ;; esac
folders=()
for name in apis codecs datasets engine evaluation models structures utils visualization; do
    if [ -d "$checkout/tests/test_$name" ]; then folders+=("tests/test_$name"); fi
done
if [ ${#folders[@]} = 0 ]; then
    echo "ERROR: $checkout has no tests of MMPose." >&2
    exit 1
fi
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
# Away from the checkout's own mmpose/, which is not the installed one; its tests
# look for the configs beside the package that they import.
cp -r "$checkout/tests" "$results/tests"
ln -s "$("$py" -c 'import os, mmpose; print(os.path.dirname(mmpose.__file__))')" "$results/mmpose"
ln -s mmpose/.mim/configs "$results/configs"
ln -s mmpose/.mim/model-index.yml "$results/model-index.yml"
cd "$results"
for how in without with; do
    plugin=()
    if [ "$how" = with ]; then plugin=(-p mmpose_thermal); fi
    echo "[mmpose's tests] $how mmpose_thermal"
    "$py" -m pytest -q -rA --tb=no -W ignore --continue-on-collection-errors ${plugin[@]+"${plugin[@]}"} "${folders[@]}" "${rest[@]:1}" > "$how.txt" || true
    tail -1 "$how.txt"
    { grep '^PASSED' "$how.txt" || true; } | sed 's/ - .*//' | sort > "$how.passed"
done
if [ ! -s without.passed ]; then
    echo "ERROR: not one test passed without the plugin: see above." >&2
    tail -20 without.txt >&2
    exit 1
fi
broken=$(comm -23 without.passed with.passed)
if [ -n "$broken" ]; then
    echo "$broken"
    echo "ERROR: these pass without mmpose_thermal and fail with it." >&2
    exit 1
fi
echo "All $(wc -l < without.passed) tests that pass without mmpose_thermal pass with it."
