import type { BuildStep, Hint } from '../plan.js';
import { makeVenv, sealVenv, TOOLS, VENV, type Command } from './scripts.js';

/** For every command of a build. */
const ENV = {
  PYTHONDONTWRITEBYTECODE: '1',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_COLOR: '1',
  PIP_NO_INPUT: '1',
  PIP_PROGRESS_BAR: 'off',
  PIP_ROOT_USER_ACTION: 'ignore',
};

/** How a tool brings the app's packages into the environment. */
export interface Installing {
  /** `source`: they are not all named in files of their own. */
  readonly inputs: readonly string[] | 'source';
  /** Config vars that the tool reads. */
  readonly config?: readonly string[];
  readonly commands: readonly Command[];
  /** Installs the app itself, where that is a package, after all it depends on. */
  readonly app: Command | null;
  readonly env: Readonly<Record<string, string>>;
  readonly caches: Readonly<Record<string, string>>;
  readonly hints: readonly Hint[];
}

export function installSteps(installing: Installing): BuildStep[] {
  const { inputs, config = [], commands, app, caches } = installing;
  const common = {
    env: { ...ENV, ...installing.env },
    caches: { ...TOOLS, ...caches },
    hints: [...installing.hints, ...COMPILING],
  };
  const install: BuildStep = {
    name: 'install',
    title: 'Installing dependencies',
    inputs,
    config,
    commands: [makeVenv, ...commands, sealVenv],
    layers: [VENV],
    ...common,
  };
  if (app === null) return [install];
  const own: BuildStep = {
    name: 'app',
    title: 'Installing the app itself',
    inputs: 'source',
    commands: [app, sealVenv],
    layers: [],
    ...common,
  };
  return [install, own];
}

/** A step that runs the app's own code, on the installed packages. */
export const appStep = (step: Pick<BuildStep, 'name' | 'title' | 'commands' | 'hints'>): BuildStep => ({
  inputs: 'source',
  env: ENV,
  caches: {},
  layers: [],
  ...step,
});

const NO_COMPILER =
  'A package has no wheel for this Python, so that it is compiled, and there is no compiler here. Ask for a Python that it has wheels for, in .python-version, or install a C compiler.';

const COMPILING: readonly Hint[] = [
  {
    when: 'pg_config executable not found',
    say: 'psycopg2 is compiled here, which needs PostgreSQL’s headers: depend on psycopg2-binary, or on psycopg[binary], instead.',
  },
  ...[
    "No such file or directory: 'x86_64-linux-gnu-g",
    "No such file or directory: 'aarch64-linux-gnu-g",
    "No such file or directory: 'gcc'",
    "No such file or directory: 'g++'",
    "cc' failed: No such file",
    'Unknown compiler(s)',
  ].map((when) => ({ when, say: NO_COMPILER })),
  {
    when: 'Python.h: No such file',
    say: 'A package is compiled here, which needs Python’s headers: install them (Debian: python3-dev), or ask for a Python that it has wheels for, in .python-version.',
  },
];
