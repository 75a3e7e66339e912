import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

const plan = (files: Readonly<Record<string, unknown>>): BuildPlan => {
  const source = aTree(files);
  const context = { config: {}, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const refusal = (files: Readonly<Record<string, unknown>>): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
  return 'accepted';
};
const commandsOf = (made: BuildPlan) =>
  Object.fromEntries(made.steps.map((step) => [step.name, step.commands.map((argv) => argv.join(' '))]));

const deps = { dependencies: { a: '1' }, devDependencies: { b: '1' } };

describe('the package manager', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['npm by package-lock.json', { 'package-lock.json': '' }, 'npm ci --omit=dev'],
    [
      'npm by npm-shrinkwrap.json',
      { 'npm-shrinkwrap.json': '', 'package-lock.json': '' },
      'npm ci --omit=dev',
    ],
    ['npm without a lock file', {}, 'npm install --omit=dev'],
    [
      'Yarn 1 by yarn.lock',
      { 'yarn.lock': '# yarn lockfile v1' },
      'npx --yes --package=yarn@1 -- yarn install --non-interactive --frozen-lockfile --production=true',
    ],
    [
      'Yarn 4 by its lock file',
      { 'yarn.lock': '__metadata:\n  version: 8', '.yarnrc.yml': '' },
      'npx --yes --package=@yarnpkg/cli-dist@4 -- yarn workspaces focus --all --production',
    ],
    [
      'the copy of Yarn in the source',
      {
        'yarn.lock': '__metadata:',
        '.yarnrc.yml': 'yarnPath: .yarn/releases/y.cjs',
        '.yarn/releases/y.cjs': '',
      },
      'node .yarn/releases/y.cjs workspaces focus --all --production',
    ],
    [
      'pnpm in the version of its lock file',
      { 'pnpm-lock.yaml': "lockfileVersion: '6.0'" },
      'npx --yes --package=pnpm@8 -- pnpm install --frozen-lockfile --prod',
    ],
  ])('is %s', (_what, files, command) => {
    expect(commandsOf(plan({ 'package.json': deps, ...files }))['install']?.at(-1)).toBe(command);
  });

  test('of Yarn 4 compares the lock file before it installs for production', () => {
    const files = { 'package.json': deps, 'yarn.lock': '__metadata:' };
    expect(commandsOf(plan(files))['install']?.[0]).toMatch(/yarn install --immutable --mode=skip-build$/);
  });

  test('has the version that packageManager names', () => {
    const files = {
      'package.json': { ...deps, packageManager: 'pnpm@9.15.4+sha512.abc' },
      'pnpm-lock.yaml': '',
    };
    expect(commandsOf(plan(files))['install']?.[0]).toContain('--package=pnpm@9.15.4');
  });

  test('is refused when two contradict each other', () => {
    expect(refusal({ 'package.json': deps, 'yarn.lock': '', 'package-lock.json': '' })).toBe(
      'There are two lock files: package-lock.json (npm) and yarn.lock (yarn).',
    );
    expect(refusal({ 'package.json': { packageManager: 'pnpm@9.0.0' }, 'yarn.lock': '' })).toMatch(
      /names pnpm.*yarn\.lock/,
    );
    expect(refusal({ 'package.json': { packageManager: 'cargo@1.0.0' } })).toMatch(
      /not npm, yarn, pnpm or bun/,
    );
  });

  test('without a lock file comes with a warning', () => {
    expect(plan({ 'package.json': deps }).warnings).toEqual([expect.stringContaining('No lock file')]);
    expect(plan({ 'package.json': deps, 'package-lock.json': '' }).warnings).toEqual([]);
  });
});

describe('the steps', () => {
  const locked = { 'package-lock.json': '{}' };

  test('install all, build, then prune, when there is a build script', () => {
    const made = plan({ 'package.json': { ...deps, scripts: { build: 'tsc' } }, ...locked });
    expect(commandsOf(made)).toEqual({
      install: ['npm ci --include=dev'],
      build: ['npm run build'],
      prune: ['npm prune --omit=dev --ignore-scripts'],
    });
    expect(made.steps.map(({ inputs }) => inputs)).toEqual([
      ['package.json', 'package-lock.json'],
      'source',
      ['package.json', 'package-lock.json'],
    ]);
    expect(made.steps.map(({ layers }) => layers)).toEqual([['node_modules'], [], ['node_modules']]);
  });

  test('follow Heroku’s scripts: prebuild first, postbuild in place of build, cleanup last', () => {
    const scripts = { build: 'x', 'heroku-postbuild': 'x', 'heroku-prebuild': 'x', 'heroku-cleanup': 'x' };
    const made = plan({ 'package.json': { ...deps, scripts }, ...locked });
    expect(made.steps.map(({ name }) => name)).toEqual(['prebuild', 'install', 'build', 'prune', 'cleanup']);
    expect(commandsOf(made)['build']).toEqual(['npm run heroku-postbuild']);
  });

  test.each<[string, Record<string, unknown>]>([
    ['own install scripts', { 'package.json': { ...deps, scripts: { postinstall: 'x' } } }],
    ['dependencies in the source', { 'package.json': { dependencies: { a: 'file:./a' } } }],
    ['a native addon', { 'package.json': deps, 'binding.gyp': '' }],
  ])('let the install see the whole source for %s', (_what, files) => {
    expect(plan({ ...files, ...locked }).steps[0]?.inputs).toBe('source');
  });

  test('let it see manifests alone, where `prepare` only sets up hooks of git', () => {
    const hooks = (prepare: string) => plan({ 'package.json': { ...deps, scripts: { prepare } }, ...locked });
    expect(hooks('husky').steps[0]?.inputs).toEqual(['package.json', 'package-lock.json']);
    expect(hooks('husky install || true').steps[0]?.inputs).toEqual(['package.json', 'package-lock.json']);
    expect(hooks('husky && tsc').steps[0]?.inputs).toBe('source');
  });

  test('let it see the program of Yarn, wherever the source has it', () => {
    const made = plan({
      'package.json': { ...deps, packageManager: 'yarn@4.1.0' },
      'yarn.lock': '__metadata:\n',
      '.yarnrc.yml': 'yarnPath: tools/yarn.cjs\n',
      'tools/yarn.cjs': '',
    });
    expect(made.steps.find(({ name }) => name === 'install')?.inputs).toContain('tools/yarn.cjs');
  });

  test('are none where there is nothing to install or build', () => {
    expect(plan({ 'package.json': { scripts: { start: 'x' } } }).steps).toEqual([]);
  });
});

test('web is npm start where there is something to start', () => {
  expect(plan({ 'package.json': { scripts: { start: 'x' } } }).defaultProcessTypes).toEqual({
    web: 'npm start',
  });
  expect(plan({ 'package.json': {}, 'server.js': '' }).defaultProcessTypes).toEqual({ web: 'npm start' });
  expect(plan({ 'package.json': {} }).defaultProcessTypes).toEqual({});
});

describe('a start script that wants what dynos have not', () => {
  const warnings = (start: string, rest: object = {}) => {
    const scripts = { start, build: 'webpack' };
    const devDependencies = { nodemon: '3', typescript: '5', webpack: '5' };
    return plan({ 'package.json': { scripts, devDependencies, ...rest }, 'package-lock.json': '' }).warnings;
  };

  test.each([
    ['nodemon server.js', 'nodemon'],
    ['NODE_ENV=production npx nodemon server.js', 'nodemon'],
    ['tsc && node dist/server.js', 'typescript'],
    ['cross-env A=1 tsc; node dist/server.js', 'typescript'],
  ])('comes with a warning: %s', (start, name) => {
    expect(warnings(start)).toEqual([
      `npm start needs ${name}, which is a development dependency, and so not in dynos: move it to dependencies.`,
    ]);
    expect(warnings(start, { dependencies: { [name]: '1' } })).toEqual([]);
  });

  test.each(['npm run build && node server.js', 'yarn build && node server.js'])(
    'builds again: %s',
    (start) => {
      expect(warnings(start)).toEqual([
        'npm start runs the build script again, without the development dependencies, which dynos have not: a Procfile such as `web: node server.js` starts what is built.',
      ]);
    },
  );

  test('also where the Procfile leaves it to the script', () => {
    const scripts = { start: 'nodemon .' };
    const files = { 'package.json': { scripts, devDependencies: { nodemon: '3' } }, 'package-lock.json': '' };
    expect(plan({ ...files, Procfile: 'web: npm start\n' }).warnings).toHaveLength(1);
    expect(plan({ ...files, Procfile: 'web: node .\n' }).warnings).toEqual([]);
  });

  test('and no other', () => {
    for (const start of ['node server.js', 'node build', 'npm run build:x; node nodemon.js']) {
      expect(warnings(start)).toEqual([]);
    }
  });
});

test('the range of engines.node is the plan’s, and must be one', () => {
  expect(plan({ 'package.json': { engines: { node: '>=20 <23' } } }).runtime).toEqual({
    language: 'node',
    range: '>=20 <23',
    asked: 'package.json asks for Node.js >=20 <23 in engines.node',
  });
  expect(refusal({ 'package.json': { engines: { node: 'newest' } } })).toMatch(/"newest".*no version range/);
});

test('broken manifests are refused with a reason', () => {
  expect(refusal({ 'package.json': '{' })).toMatch(/not valid JSON/);
  expect(refusal({ 'package.json': '[]' })).toMatch(/not a JSON object/);
});

test('a plan is plain JSON, and the same for the same source', () => {
  const files = { 'package.json': { ...deps, scripts: { build: 'x' } }, 'yarn.lock': '' };
  expect(JSON.parse(JSON.stringify(plan(files)))).toEqual(plan(files));
});

describe('a source that nobody plans', () => {
  test('is told what was looked for, and what is there', () => {
    const message = refusal({ 'README.md': '', 'app/package.json': {} });
    expect(message).toMatch(
      /^No planner recognises this source\. Looked for:\n {2}Dockerfile or heroku\.yml/,
    );
    expect(message).toMatch(/\n {2}requirements\.txt.*\(Python\)\n.* {2}package\.json \(Node\.js\)\n/s);
    expect(message).toMatch(/\nFound instead:\n {2}README\.md\n {2}app\/\n {4}package\.json$/);
  });

  test('with only a Dockerfile is told of the Docker engine', () => {
    expect(refusal({ Dockerfile: 'FROM x' })).toMatch(/needs the Docker engine/);
  });

  test('that is empty is told so', () => {
    expect(refusal({})).toContain('The source is empty.');
  });
});
