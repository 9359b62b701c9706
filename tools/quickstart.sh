#!/usr/bin/env bash
# Installs what is missing, then trains and compares all of MLCM-KD on the
# embedded data. Arguments beside --no-venv go to tools/quickstart.py.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
case " ${rest[*]-} " in
    *" --help "*|*" -h "*)
        echo "Usage: bash tools/quickstart.sh [--no-venv] [--smoke] [options of tools/quickstart.py]"
        echo "STACK, VENV, PYTHON and TORCH_INDEX are those of tools/install.sh --help."
        [ ! -x "$py" ] || "$py" tools/quickstart.py --help
        exit 0 ;;
esac
bash tools/install.sh ${install_arguments[@]+"${install_arguments[@]}"}
exec "$py" tools/quickstart.py ${rest[@]+"${rest[@]}"}
