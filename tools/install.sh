#!/bin/sh
# Make .venv, or find that it is up to date: `make install`. This part finds a Python by running the candidates
# (PYTHON= names the one to use); tools/install.py does the rest. TORCH=2.x.y and SYSTEM_TORCH=1 are explained there.
set -u
cd "$(dirname "$0")/.." || exit 1

# Says in one line what is wrong with the Python that runs it, if anything; any Python from 2.7 on understands it.
PROBE='
import sys, platform
version = "%d.%d.%d" % sys.version_info[:3]
def wrong(why):
    print(why)
    sys.exit(1)
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    wrong("is " + version)
if platform.python_implementation() != "CPython" or not hasattr(sys, "abiflags") or "t" in sys.abiflags:
    wrong("is %s %s without the ordinary wheels" % (platform.python_implementation(), version))
missing = []
for name in ("venv", "ensurepip", "ssl", "ctypes", "zlib", "bz2", "lzma", "sqlite3"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
if "venv" in missing or "ensurepip" in missing:
    wrong("(%s) has no venv module: apt install python%d.%d-venv" % ((version,) + sys.version_info[:2]))
if missing:
    wrong("(%s) was built without %s: install that library (apt: libssl-dev, libffi-dev, zlib1g-dev, libbz2-dev, "
          "liblzma-dev, libsqlite3-dev) and build Python again" % (version, ", ".join(missing)))
'

# The Python that made the present .venv comes first.
last=$(sed -n 's/^ *"python": "\(.*\)",*$/\1/p' .venv/install.json 2>/dev/null)
if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    IFS='
'
    set -- $(for name in "$last" python3 python3.11 python3.12 python3.13 python; do command -v "$name"; done)
fi

tried=''
for candidate; do
    if said=$("$candidate" -c "$PROBE" 2>&1); then
        exec "$candidate" tools/install.py
    fi
    case $said in
        'is '* | '('*) ;;
        *) said="does not run ($(printf '%s' "$said" | head -n 1))" ;;
    esac
    tried="$tried${tried:+; }$candidate $said"
done

echo "error: no usable Python 3.11, 3.12 or 3.13 (${tried:-none on PATH});" \
    'install one (apt install python3.11 python3.11-venv) or name it: make install PYTHON=/path/to/python3.11' >&2
exit 1
