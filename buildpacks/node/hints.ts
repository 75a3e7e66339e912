import type { Hint } from '../plan.js';
import { toolOf } from './commands.js';
import type { PackageManager } from './package-manager.js';

/** Each tool's words for a lock file that does not fit package.json. */
const DISAGREE = [
  '`npm ci` can only install packages when your package.json',
  'Your lockfile needs to be updated',
  'The lockfile would have been modified by this install',
  'ERR_PNPM_OUTDATED_LOCKFILE',
  'lockfile had changes, but lockfile is frozen',
];

/** node-gyp's, and those of the shell that does not find what it needs. */
const NO_COMPILER = [
  'gyp ERR! find Python',
  'not found: make',
  'make: not found',
  'g++: not found',
  'cc: not found',
  'make: g++: No such file',
  'make: cc: No such file',
];

/** npm's, where `.npmrc` says strict-allow-scripts; npm 12 does without the script then, and goes on. */
const NOT_ALLOWED = 'ESTRICTALLOWSCRIPTS';

export function installHints(manager: PackageManager): readonly Hint[] {
  const { lockFile } = manager;
  const disagreement =
    `package.json and ${lockFile ?? 'the lock file'} do not agree: run \`${toolOf(manager)} install\`, ` +
    `commit ${lockFile ?? 'it'}, and push again.`;
  return [
    ...(lockFile === null ? [] : DISAGREE.map((when) => ({ when, say: disagreement }))),
    {
      when: NOT_ALLOWED,
      say: 'Packages want to run scripts while they are installed, and package.json does not say of each whether it may: run `npm install-scripts approve NAME` or `npm install-scripts deny NAME`, commit package.json, and push again.',
    },
    ...NO_COMPILER.map((when) => ({
      when,
      say: 'A package is compiled here (node-gyp), for it has no binary for this Node.js, and a compiler, make or Python is missing. Take a version of Node.js or of the package for which there are binaries, or install them (Debian: build-essential, python3).',
    })),
    {
      when: 'This version of pnpm requires at least Node.js',
      say: 'This pnpm needs a newer Node.js: ask for one in engines.node of package.json, or name an older pnpm in packageManager.',
    },
    {
      when: 'gyp ERR!',
      say: 'A package that is compiled here (node-gyp) cannot be. Take a version of Node.js or of the package for which there are binaries.',
    },
  ];
}
