#!/usr/bin/env bash
# Installs what is missing, then runs the tests. Arguments beside --no-venv go
# to pytest: bash tools/run_tests.sh tests/models -k dikd
set -euo pipefail
source "$(dirname "$0")/environment.sh"
bash tools/install.sh ${install_arguments[@]+"${install_arguments[@]}"}
exec "$py" -m pytest ${rest[@]+"${rest[@]}"}
