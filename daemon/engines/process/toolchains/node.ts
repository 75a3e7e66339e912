import { dirname, join } from 'node:path';
import { answerOf, inEachOf } from './ask.js';
import type { Toolchain, ToolchainFinder } from './toolchain.js';

export const node: ToolchainFinder = {
  humanName: 'Node.js',
  atLaunch: true,
  install: 'Install Node.js (nodejs.org)',

  /** tfkd's own first; then what version managers keep. */
  async candidates({ path, home, env, nodePath }) {
    const managed = await Promise.all([
      inEachOf(join(env['NVM_DIR'] ?? join(home, '.nvm'), 'versions/node'), 'bin'),
      inEachOf(join(home, '.local/share/fnm/node-versions'), 'installation/bin'),
      inEachOf(join(home, '.asdf/installs/nodejs'), 'bin'),
    ]);
    return [nodePath, ...[...path, ...managed.flat()].map((folder) => join(folder, 'node'))];
  },

  async look(program, places): Promise<Toolchain | null> {
    const version = /^v(\d+\.\d+\.\d+\S*)$/.exec((await answerOf(program, ['--version'], places)) ?? '')?.[1];
    if (version === undefined) return null;
    return { version: `v${version}`, path: program === places.nodePath ? [] : [dirname(program)], env: {} };
  },
};
