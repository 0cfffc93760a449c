# For dist_train.sh, dist_test.sh and dist_predict.sh: sets `tools`, and `python` to the first that has the stack.
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stack='import sys, importlib.util as u; sys.exit(sys.version_info < (3, 11) or u.find_spec("mmengine") is None)'
for python in python python3 "$(dirname "$tools")/.venv/bin/python" ''; do
    if [ -n "$python" ] && "$python" -c "$stack" 2>/dev/null; then break; fi
done
if [ -z "$python" ]; then
    echo "error: no Python here has mmengine and the rest; run \`make -C $(dirname "$tools") install\` first" >&2
    exit 2
fi
