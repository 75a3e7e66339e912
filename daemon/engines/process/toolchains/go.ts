import { join } from 'node:path';
import { answerOf, inEachOf } from './ask.js';
import type { Toolchain, ToolchainFinder } from './toolchain.js';

export const go: ToolchainFinder = {
  humanName: 'Go',
  atLaunch: false,
  // Since 1.21 it fetches the toolchain that go.mod names ("Go Toolchains" in Go's documentation).
  fetchesOthers: (version) => Number(version.split('.')[1]) >= 21,
  install: 'Install Go (go.dev/dl)',

  async candidates({ path }) {
    const folders = [...path, '/usr/local/go/bin', '/usr/lib/go/bin', ...(await inEachOf('/usr/lib', 'bin'))];
    return folders.filter((folder) => path.includes(folder) || /\/go(-[\d.]+)?\/bin$/.test(folder)).map(asGo);
  },

  async look(program, places): Promise<Toolchain | null> {
    const [version, root] =
      (await answerOf(program, ['env', 'GOVERSION', 'GOROOT'], places))?.split('\n') ?? [];
    if (version === undefined || root === undefined || root === '') return null;
    return { version: version.replace(/^go/, ''), path: [join(root, 'bin')], env: {} };
  },
};

const asGo = (folder: string): string => join(folder, 'go');
