# Sourced by the scripts of this folder: which Python environment they mean.
# Sets root, STACK, VENV, PYTHON, use_venv, py and rest (the other arguments).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
STACK=${STACK:-maintained}
PYTHON=${PYTHON:-python3}
case "$STACK" in
    maintained) VENV=${VENV:-.venv} ;;
    official) VENV=${VENV:-.venv-official} ;;
    *) echo "ERROR: STACK=$STACK is not a stack. Use STACK=maintained or STACK=official." >&2; exit 1 ;;
esac
use_venv=1
rest=()
for argument in "$@"; do
    if [ "$argument" = --no-venv ]; then use_venv=0; else rest+=("$argument"); fi
done
if [ "$use_venv" = 1 ]; then
    py=$VENV/bin/python
    install_arguments=()
else
    py=$PYTHON
    install_arguments=(--no-venv)
fi
export STACK VENV PYTHON
