export type Command = readonly [string, ...string[]];

/** Where the app's packages are, on every engine: relative to the app's root. */
export const VENV = '.venv';

/** The cache in which the installing tools themselves are, each in an environment of its own. */
export const TOOLS = { 'python-tools': 'TFK_PYTHON_TOOLS' };

/** pip comes with Python; newer ones of it bring nothing that is needed here. */
export const BUNDLED = 'bundled';

const MAKE = `set -eu
"\${TFK_PYTHON:-python3}" -m venv --clear --without-pip "$1"
`;

const TOOL = `set -eu
tool=$0 version=$1
shift
python=\${TFK_PYTHON:-python3}
place=$TFK_PYTHON_TOOLS/$tool-$version-$("$python" -c 'import sys; print(sys.version.split()[0])')
if ! { [ -e "$place/whole" ] && "$place/bin/python" -c ''; } 2>/dev/null; then
  rm -rf "$TFK_PYTHON_TOOLS/$tool"-*
  "$python" -m venv "$place"
  [ "$version" = bundled ] || "$place/bin/python" -m pip install --quiet "$tool==$version"
  : > "$place/whole"
fi
UV_PYTHON=$(command -v "$python")
export UV_PYTHON
exec "$place/bin/$tool" "$@"
`;

/**
 * Makes an environment that works wherever it is put: scripts find its Python beside themselves, the app's root is on the path
 * by way of a relative line, and no file says where it was made. What Python would compile at each start is compiled once;
 * times of change are not kept by slugs, so that the compiled code must not go by them.
 */
const SEAL = `
import os, sys, site
from compileall import compile_file
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from py_compile import PycInvalidationMode

root = os.getcwd()
venv = Path(sys.prefix)
HEAD = b'''#!/bin/sh
\\'\\'\\'exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' \\'\\'\\'
'''

def relocated(script):
    lines = script.split(b'\\n')
    if lines[0].startswith(b'#!') and str(venv).encode() in lines[0]:
        return HEAD + b'\\n'.join(lines[1:])
    if lines[0] == b'#!/bin/sh' and len(lines) > 3 and str(venv).encode() in lines[1]:
        return HEAD + b'\\n'.join(lines[3:])
    return script

def rewrite(path, change):
    before = path.read_bytes()
    after = change(before)
    if after != before:
        path.write_bytes(after)

for path in sorted((venv / 'bin').iterdir()):
    if path.name.lower().startswith('activate') or path.name == 'deactivate.bat':
        path.unlink()
    elif path.is_file() and not path.is_symlink():
        rewrite(path, relocated)

rewrite(venv / 'pyvenv.cfg', lambda text: b''.join(
    line for line in text.splitlines(True) if root.encode() not in line))

packages = [Path(folder) for folder in site.getsitepackages()]
for folder in packages:
    for path in folder.glob('*.pth'):
        rewrite(path, lambda text: b''.join(
            os.path.relpath(line.strip(), folder).encode() + b'\\n'
            if line.startswith(root.encode()) else line for line in text.splitlines(True)))
    for path in folder.glob('__editable__*finder.py'):
        rewrite(path, lambda text: text.replace(
            f"'{root}".encode(), b"__import__('os').path.dirname(__import__('sys').prefix) + '"))
    for path in folder.glob('*.dist-info/direct_url.json'):
        if root in path.read_text():
            path.unlink()
packages[0].joinpath('zz_app_root.pth').write_text(os.path.relpath(root, packages[0]) + '\\n')

def stale(path):
    try:
        with open(os.path.join(path.parent, '__pycache__', f'{path.stem}.{sys.implementation.cache_tag}.pyc'), 'rb') as code:
            return code.read(8)[4:] != b'\\x01\\0\\0\\0'
    except OSError:
        return True

files = [str(path) for folder in packages for path in folder.rglob('*.py') if stale(path)]
compiled = partial(
    compile_file, quiet=2, force=True, stripdir=root, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
with ProcessPoolExecutor() as pool:
    list(pool.map(compiled, files, chunksize=32))
`;

export const makeVenv: Command = ['sh', '-c', MAKE, 'sh', VENV];
export const sealVenv: Command = [`${VENV}/bin/python`, '-c', SEAL];

/** Runs a tool of that version, which is installed first where it is not in the cache. */
export const tool = (name: string, version: string, ...args: readonly string[]): Command => [
  'sh',
  '-c',
  TOOL,
  name,
  version,
  ...args,
];
