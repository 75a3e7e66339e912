import { join } from 'node:path';
import { answerOf, inEachOf } from './ask.js';
import type { Toolchain, ToolchainFinder } from './toolchain.js';

export const rust: ToolchainFinder = {
  humanName: 'Rust',
  atLaunch: false,
  install: 'Install Rust with Cargo (rustup.rs)',

  /** The usual one first; then what rustup keeps. */
  async candidates({ path, home, env }) {
    const cargo = join(env['CARGO_HOME'] ?? join(home, '.cargo'), 'bin');
    const kept = await inEachOf(join(env['RUSTUP_HOME'] ?? join(home, '.rustup'), 'toolchains'), 'bin');
    return [...path, cargo, ...kept].map((folder) => join(folder, 'rustc'));
  },

  /** rustup's programs choose a toolchain by the user's home, which builds have not: the toolchain's own folder is taken. */
  async look(program, places): Promise<Toolchain | null> {
    const version = /^rustc (\S+)/.exec((await answerOf(program, ['--version'], places)) ?? '')?.[1];
    const sysroot = await answerOf(program, ['--print', 'sysroot'], places);
    if (version === undefined || sysroot === null) return null;
    return { version, path: sysroot === '/usr' ? [] : [join(sysroot, 'bin')], env: {} };
  },
};
