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
    const [name = '', root = ''] =
      (await answerOf(program, ['env', 'GOVERSION', 'GOROOT'], places))?.split('\n') ?? [];
    const version = versionOf(name);
    if (version === null || root === '') return null;
    return { version, path: [join(root, 'bin')], env: {} };
  },
};

/** `go1.26rc1 X:nodwarf5` → `1.26.0-rc.1` */
function versionOf(name: string): string | null {
  const [, line, patch = '0', kind, number = '0'] =
    /^go(\d+\.\d+)(?:\.(\d+))?(?:(beta|rc)(\d+))?/.exec(name) ?? [];
  if (line === undefined) return null;
  return kind === undefined ? `${line}.${patch}` : `${line}.${patch}-${kind}.${number}`;
}

const asGo = (folder: string): string => join(folder, 'go');
