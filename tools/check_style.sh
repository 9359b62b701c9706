#!/usr/bin/env bash
# Style, docstrings and types of the sources (requirements/develop.txt).
set -euo pipefail
source "$(dirname "$0")/environment.sh"
case " ${rest[*]-} " in
    *" --help "*|*" -h "*)
        echo "Usage: bash tools/check_style.sh [--no-venv]"
        exit 0 ;;
esac
"$py" -m ruff check .
"$py" -m mypy
