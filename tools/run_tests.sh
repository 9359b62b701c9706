#!/usr/bin/env bash
# Installs what is missing, then runs the tests.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
case " ${rest[*]-} " in
    *" --help "*|*" -h "*)
        echo "Usage: bash tools/run_tests.sh [--no-venv] [arguments of pytest]"
        echo "For example: bash tools/run_tests.sh tests/models -k injection"
        echo "STACK, VENV, PYTHON and TORCH_INDEX are those of tools/install.sh --help."
        exit 0 ;;
esac
bash tools/install.sh ${install_arguments[@]+"${install_arguments[@]}"}
exec "$py" -m pytest ${rest[@]+"${rest[@]}"}
