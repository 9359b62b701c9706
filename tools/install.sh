#!/usr/bin/env bash
# Installs MMPose and this plugin. Safe to run again: it does only what is missing.
usage() {
    cat <<'EOF'
Usage: bash tools/install.sh [--no-venv] [--help]

Installs torch, mmengine, mmcv, mmdet, mmpose and, editable, mmpose_thermal. A first
installation takes 3 to 5 minutes on 2 idle cores; most of them go into compiling
mmcv's ops. pip keeps the result: a second environment takes 1 to 2 minutes.

  --no-venv   use the active Python environment instead of creating one. If it
              already holds a working MMPose, nothing of that is touched and the
              plugin alone is added.

Environment variables:
  STACK        maintained (default: torch 2.13, maintained forks of mmcv & co.)
               or official (torch 2.1, mmcv 2.1, mmdet 3.2)
  VENV         the environment's folder  [.venv, or .venv-official]
  PYTHON       the interpreter           [python3; 3.10+, official: 3.8 to 3.11]
  TORCH_INDEX  package index for torch and torchvision alone, e.g. the URL of the
               PyTorch CPU or CUDA index  [pip's own default]
  MAX_JOBS     parallel compile jobs     [number of cores]
EOF
}
set -Eeuo pipefail

say() { printf '\n[install] %d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }
fail() { printf '\n[install] ERROR: %s\n[install] REMEDY: %s\n' "$1" "$2" >&2; exit 1; }

source "$(dirname "$0")/environment.sh"
for argument in ${rest[@]+"${rest[@]}"}; do
    case "$argument" in
        -h|--help) usage; exit 0 ;;
        *) usage >&2; fail "unknown argument '$argument'" "see the usage above" ;;
    esac
done

case "$STACK" in
    maintained)
        versions='(3, 10) <= v < (3, 14)'
        engine=onedl-mmengine; mmcv=onedl-mmcv; mmdet=onedl-mmdetection ;;
    official)
        versions='(3, 8) <= v < (3, 12)'
        engine=mmengine; mmcv=mmcv; mmdet=mmdet ;;
esac
pins=requirements/$STACK.txt

command -v "$PYTHON" >/dev/null ||
    fail "no interpreter '$PYTHON'" "install Python or name it: PYTHON=python3.11 bash tools/install.sh"
"$PYTHON" -c "import sys; v = sys.version_info[:2]; sys.exit(not ($versions))" ||
    fail "$("$PYTHON" --version) does not fit the $STACK stack" \
         "name another interpreter, for example PYTHON=python3.11 bash tools/install.sh"

if [ "$use_venv" = 1 ]; then
    if [ ! -x "$VENV/bin/python" ]; then
        say "creating $VENV with $("$PYTHON" --version)"
        "$PYTHON" -m venv "$VENV" ||
            fail "could not create $VENV" "install the venv module (Debian: apt install python3-venv)"
    fi
fi
trap 'fail "the step above failed" "check the network and the disk, then run tools/install.sh again: it goes on where it stopped"' ERR
scratch=$(mktemp -d)
build=
cleanup() {
    [ -z "$build" ] || kill -- "-$build" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1
pip() { "$py" -m pip "$@"; }
install() { pip install --quiet -c "$pins" "$@"; }
from_source() { install --no-build-isolation "$@"; }
works() { "$py" -c "$1" >/dev/null 2>&1; }
pin() { sed -n "s/^$1==//p" "$pins"; }
pinned() { works "from importlib.metadata import version; assert version('$1').split('+')[0] == '$(pin "$1")'"; }

# Most of a plain build's time goes into parsing torch's headers again for each of
# mmcv's 77 files. This parses them once and prints the CFLAGS that use the result.
# The compiler accepts it only for equal flags: hence Python's own ones, which CFLAGS
# would replace or precede, and the ABI macro, which only older torch adds itself.
precompile_headers() {
    "$py" - "$scratch/torch_types.h" <<'EOF'
import os
import shlex
import subprocess
import sys
import sysconfig

import torch
from torch.utils.cpp_extension import include_paths

header = sys.argv[1]
with open(header, 'w') as file:
    file.write('#include <torch/types.h>\n')
flags = (f"{sysconfig.get_config_var('CFLAGS')} {os.environ.get('CFLAGS', '')} -O2 -g0 "
         f'-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}')
includes = [f'-I{path}' for path in [*include_paths(), sysconfig.get_paths()['include']]]
subprocess.run(
    [os.environ.get('CXX', 'c++'), '-x', 'c++-header', '-std=c++17', '-w',
     '-DTORCH_API_INCLUDE_EXTENSION_H', *shlex.split(flags),
     *shlex.split(sysconfig.get_config_var('CCSHARED') or ''), *includes,
     header, '-o', f'{header}.gch'], check=True)
print(flags, '-include', shlex.quote(header))
EOF
}
compiled_files() {
    local objects total
    objects=$(find "$scratch" -name '*.o' 2>/dev/null | wc -l) || true
    total=$(grep -rhc --include=build.ninja '^build .*\.o:' "$scratch" 2>/dev/null) || true
    say "$objects of ${total:-about 80} files are compiled"
}
build_mmcv() {
    local flags wheel=("$py" -m pip wheel --quiet --no-deps --no-build-isolation -c "$pins" -w "$scratch" "$mmcv")
    if [ "$mmcv_is_cached" = 0 ] && flags=$(precompile_headers); then
        CFLAGS=$flags "${wheel[@]}" && return
        echo 'Failed with precompiled headers: trying without.'
    fi
    "${wheel[@]}"
}

framework='import torch, torchvision, mmengine, mmcv.ops, mmdet, mmpose.apis'
if [ "$use_venv" = 0 ] && works "$framework"; then
    say "the active environment has a working MMPose: adding the plugin alone"
    # Its own versions become the constraints: nothing of it may move.
    pins=$scratch/pins.txt
    pip freeze | grep -E '^[A-Za-z0-9._-]+==[^ ]+$' > "$pins"
else
    free_gb=$(df -Pk "$(dirname "$py")" | awk 'NR==2 {print int($4 / 1048576)}')
    [ "$free_gb" -ge 6 ] ||
        fail "$free_gb GB of disk are free, about 6 GB are needed" "free some disk, or set VENV to another disk"
    command -v c++ >/dev/null ||
        fail "no C++ compiler; mmcv's ops are compiled here" "install one (Debian: apt install g++ python3-dev)"

    say "stack '$STACK' into $("$py" -c 'import sys; print(sys.prefix)')"
    install -r requirements/build.txt numpy

    if ! pinned torch; then
        say "torch and torchvision (the largest download)"
        install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch ||
            fail "torch could not be installed" "check the network, or set TORCH_INDEX to an index that has it"
    fi
    if ! works 'import torchvision'; then
        install --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torchvision || true
        install requests pillow
        # A torchvision built for another torch (CUDA beside CPU) fails at import.
        # MMPose uses its pure-Python transforms only, which this old one has.
        works 'import torchvision' || {
            say "this torchvision does not load beside this torch: using 0.15.2 without its compiled ops (that pip calls it incompatible below is expected)"
            pip install --quiet --no-deps torchvision==0.15.2
            works 'import torchvision' ||
                fail "torchvision does not import" "set TORCH_INDEX to the index your torch came from"
        }
    fi

    if ! { pinned $mmcv && works 'import mmcv.ops'; }; then
        # nproc would answer OMP_NUM_THREADS.
        export MMCV_WITH_OPS=1 MAX_JOBS=${MAX_JOBS:-$(env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2)}
        mmcv_is_cached=0
        cached=${mmcv//-/_}-$(pin $mmcv)-cp$("$py" -c 'import sys; print("%d%d" % sys.version_info[:2])')
        if [ -n "$(pip cache list --format=abspath "$cached" 2>/dev/null || true)" ]; then
            mmcv_is_cached=1
            say "$mmcv: pip has built it before, its wheel is used again"
        else
            say "$mmcv: compiling its ops in the background with $MAX_JOBS jobs, about 3 minutes on 2 idle cores, longer with CUDA kernels"
        fi
        set -m  # a process group of its own, which cleanup can end
        (trap - ERR; TMPDIR=$scratch build_mmcv) >"$scratch/build.log" 2>&1 & build=$!
        set +m
    fi

    pinned $engine || { say "$engine"; install $engine; }
    pinned $mmdet || { say "$mmdet"; from_source $mmdet; }
    if ! works 'import xtcocotools.mask'; then
        say "xtcocotools"
        # Its wheels were built for numpy 1.
        if [ "$STACK" = maintained ]; then from_source --no-binary xtcocotools xtcocotools; else install xtcocotools; fi
    fi
    if ! pinned mmpose; then
        say "mmpose"
        if [ "$STACK" = maintained ]; then
            install -r requirements/mmpose.txt
            install --no-deps mmpose
        else
            from_source mmpose
        fi
    fi

    if [ -n "$build" ]; then
        say "waiting for $mmcv"
        while kill -0 "$build" 2>/dev/null; do
            sleep 1
            [ $((SECONDS % 30)) -ne 0 ] || compiled_files
        done
        wait "$build" || {
            cat "$scratch/build.log" >&2
            fail "mmcv could not be built" "read the compiler's message above; a missing header means python3-dev, a killed compiler means memory: MAX_JOBS=1"
        }
        build=
        install --no-deps --force-reinstall "$scratch"/*.whl
        install $mmcv  # its requirements
        works 'import mmcv.ops' ||
            fail "mmcv was built, but for another torch" "$py -m pip cache remove '${mmcv//-/_}*', then run tools/install.sh again"
        say "$mmcv is ready"
    fi
fi

say "mmpose_thermal (editable) and what its tests need"
install -r requirements/tests.txt
pip install --quiet --no-deps --no-build-isolation -e . ||
    fail "the plugin could not be installed" "$py -m pip install 'setuptools<81' wheel, then run again"
# yapf, because its first import fills a cache, which no two processes should do at once.
"$py" -W ignore - <<EOF || fail "the packages do not import together (see above)" "remove the environment and run tools/install.sh again"
$framework, mmpose_thermal, yapf.yapflib.yapf_api
print(f'[install] mmpose_thermal {mmpose_thermal.__version__}, torch {torch.__version__}, '
      f'mmengine {mmengine.__version__}, mmcv {mmcv.__version__}, mmdet {mmdet.__version__}, '
      f'mmpose {mmpose.__version__}')
EOF
if [ "$use_venv" = 1 ]; then
    say "done. Activate it with: source $VENV/bin/activate"
else
    say "done"
fi
