import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answerOf, inEachOf } from './ask.js';
import type { Toolchain, ToolchainFinder } from './toolchain.js';

/** Its own paths, not those of the link or the shim by which it was called; fails without what makes environments. */
const PROBE = 'import sys, venv, ensurepip; print(sys.version.split()[0]); print(sys.base_prefix)';

export const python: ToolchainFinder = {
  humanName: 'Python',
  atLaunch: true,
  install: 'Install Python 3 with its venv module (Debian: python3 and python3-venv)',

  /** Shims of pyenv only choose among its versions. */
  async candidates({ path, home, env }) {
    const usual = path.filter((folder) => !folder.endsWith('/shims'));
    const pyenv = await inEachOf(join(env['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions'), 'bin');
    const uv = await inEachOf(join(home, '.local/share/uv/python'), 'bin');
    const programs = await Promise.all([...usual, ...pyenv, ...uv].map(programsOf));
    return programs.flat();
  },

  async look(program, places): Promise<Toolchain | null> {
    const [version, prefix] = (await answerOf(program, ['-I', '-c', PROBE], places))?.split('\n') ?? [];
    if (version === undefined || prefix === undefined) return null;
    const bin = join(prefix, 'bin');
    // The system's own folder stays behind /usr/local/bin, as everywhere.
    return { version, path: prefix === '/usr' ? [] : [bin], env: { TFK_PYTHON: join(bin, nameOf(version)) } };
  },
};

async function programsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.filter((name) => /^python3(\.\d+)?$/.test(name));
  return found.sort((one, other) => one.length - other.length).map((name) => join(folder, name));
}

const nameOf = (version: string): string => `python${version.split('.').slice(0, 2).join('.')}`;
