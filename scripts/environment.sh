# Shared by the scripts beside it: find a Python, keep .venv current. To be sourced, with $0 a script in this folder.
# NEWEST=1 takes the newest of everything that is allowed, instead of the versions of constraints.txt.

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$project/.venv
constraint=
[ -n "${NEWEST:-}" ] || constraint="--constraint $project/scripts/constraints.txt" # split where it is used

fail() {
    printf '%s: %s\n' "$0" "$1" >&2
    exit 1
}

# Print a Python of at least 3.11.
find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "needs Python 3.11 or newer; found $(python3 --version 2>/dev/null || echo no python3)"
}

# Make .venv when it is missing, moved or made by a Python that is gone. $1: the Python.
make_venv() {
    if command -v uv >/dev/null; then
        uv venv --quiet --clear --no-python-downloads --python "$1" "$venv" || fail "uv could not make $venv"
    elif "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        "$1" -m venv --clear "$venv" || fail "could not make $venv"
    else
        fail "$1 cannot make virtual environments; install its venv module (Debian, Ubuntu: apt-get install python3-venv) or uv"
    fi
}

# Tell whether .venv is there and can be installed into.
is_usable() {
    "$venv/bin/python" -c '' 2>/dev/null && { command -v uv || "$venv/bin/python" -c 'import pip'; } >/dev/null 2>&1
}

# Have the project with extra $1 ("" for none) in .venv; quick when nothing changed since the last time.
prepare() {
    stamp="$(cat "$project/pyproject.toml" "$project/scripts/constraints.txt" | cksum) ${NEWEST:-} $project"
    if [ "$(cat "$venv/installed-${1:-plain}" 2>/dev/null)" = "$stamp" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    known=$(cat "$venv/installed-plain" 2>/dev/null) || known=
    python=
    if [ "$known" != "$stamp" ] || ! is_usable; then
        python=$(find_python) || exit 1
    fi
    printf 'Preparing %s; this takes a minute, once.\n' "$venv" >&2
    [ -z "$python" ] || make_venv "$python"
    if command -v uv >/dev/null; then
        # Compiled for the tests, as pip does of itself: they start Python some thousand times.
        uv pip install --quiet ${1:+--compile-bytecode} --python "$venv/bin/python" $constraint --editable "$project${1:+[$1]}"
    else
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $constraint --editable "$project${1:+[$1]}"
    fi || fail "the project's dependencies could not be installed; the lines above say why"
    for level in plain test dev; do # each holds what the one before it needs
        printf '%s\n' "$stamp" >"$venv/installed-$level"
        [ "$level" = "${1:-plain}" ] && break
    done
}
