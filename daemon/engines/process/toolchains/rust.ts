import { join } from 'node:path';
import { answerOf } from './ask.js';
import type { Toolchain, ToolchainFinder } from './toolchain.js';

export const rust: ToolchainFinder = {
  humanName: 'Rust',
  atLaunch: false,
  install: 'Install Rust with Cargo (rustup.rs)',

  async candidates({ path, home, env }) {
    const cargoHome = env['CARGO_HOME'] ?? join(home, '.cargo');
    return [...path, join(cargoHome, 'bin')].map((folder) => join(folder, 'rustc'));
  },

  /** rustup's programs choose a toolchain by the user's home, which builds have not: the toolchain's own folder is taken. */
  async look(program, places): Promise<Toolchain | null> {
    const version = /^rustc (\S+)/.exec((await answerOf(program, ['--version'], places)) ?? '')?.[1];
    const sysroot = await answerOf(program, ['--print', 'sysroot'], places);
    if (version === undefined || sysroot === null) return null;
    return { version, path: sysroot === '/usr' ? [] : [join(sysroot, 'bin')], env: {} };
  },
};
