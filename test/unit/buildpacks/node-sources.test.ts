import { describe, expect, test } from 'vitest';
import type { BuildPlan } from '../../../buildpacks/plan.js';
import { PlanError } from '../../../buildpacks/planner.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import type { SiteSettings } from '../../../buildpacks/static-server/serve.js';
import { HintFinder } from '../../../daemon/engines/build/failed-command.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;
const plan = (files: Files, config: Readonly<Record<string, string>> = {}): BuildPlan => {
  const source = aTree(files);
  const context = { config, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const refusal = (files: Files): string => {
  try {
    plan(files);
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
  return 'accepted';
};
const step = (made: BuildPlan, name: string) => made.steps.find((found) => found.name === name);

describe('the version of Node.js', () => {
  const iron = { '.nvmrc': '# ours\nlts/iron\n' };
  test.each<[string, Files, string | null]>([
    ['engines.node', { 'package.json': { engines: { node: '22.x' } }, '.nvmrc': '20' }, '22.x'],
    [
      'devEngines',
      { 'package.json': { devEngines: { runtime: { name: 'node', version: '>=20' } } }, '.nvmrc': '18' },
      '>=20',
    ],
    ['.nvmrc', { 'package.json': {}, '.nvmrc': 'v20.11.0\n', '.node-version': '18' }, '^20.11.0'],
    ['the name of a line', { 'package.json': {}, ...iron }, '^20'],
    ['.node-version', { 'package.json': {}, '.node-version': '20.11' }, '^20.11'],
    ['nothing', { 'package.json': {}, '.nvmrc': 'lts/*' }, null],
  ])('is what %s says', (_what, files, range) => {
    expect(plan(files).runtime.range).toBe(range);
    expect(plan(files).warnings).toEqual([]);
  });

  test('is one on which the package manager runs, where nothing else says it', () => {
    const pnpm = (version: string, rest: object = {}) =>
      plan({ 'package.json': { packageManager: `pnpm@${version}`, dependencies: { a: '1' }, ...rest } });
    expect(pnpm('11.16.0').runtime).toMatchObject({
      range: '>=22.13',
      asked: 'pnpm 11.16.0 needs Node.js 22.13 or later',
    });
    expect(pnpm('10.4.0').runtime.range).toBeNull();
    expect(pnpm('11.16.0', { engines: { node: '24.x' } }).runtime.range).toBe('24.x');
    expect(step(pnpm('11.16.0', { engines: { node: '20.x' } }), 'install')?.hints).toContainEqual({
      when: 'This version of pnpm requires at least Node.js',
      say: 'This pnpm needs a newer Node.js: ask for one in engines.node of package.json, or name an older pnpm in packageManager.',
    });
  });

  test('is any, with a warning, where .nvmrc cannot be understood', () => {
    expect(plan({ 'package.json': {}, '.nvmrc': 'newest' })).toMatchObject({
      runtime: { range: null },
      warnings: ['.nvmrc: "newest" is no version of Node.js: any is taken'],
    });
  });
});

describe('the package manager', () => {
  const deps = { dependencies: { a: '1' } };
  const install = (files: Files) => step(plan(files), 'install')?.commands[0]?.join(' ');

  test.each<[string, Files, string]>([
    [
      'npm in the version of packageManager',
      { 'package.json': { ...deps, packageManager: 'npm@10.8.2+sha512.abc' } },
      'npx --yes --package=npm@10.8.2 -- npm install --omit=dev',
    ],
    [
      'npm in the line of engines.npm',
      { 'package.json': { ...deps, engines: { npm: '10.x' } }, 'package-lock.json': '' },
      'npx --yes --package=npm@10.x -- npm ci --omit=dev',
    ],
    [
      'the npm that is there, for a wide engines.npm',
      { 'package.json': { ...deps, engines: { npm: '>=8' } }, 'package-lock.json': '' },
      'npm ci --omit=dev',
    ],
    [
      'pnpm in the line of engines.pnpm',
      { 'package.json': { ...deps, engines: { pnpm: '^9.4.0' } }, 'pnpm-lock.yaml': '' },
      'npx --yes --package=pnpm@^9.4.0 -- pnpm install --frozen-lockfile --prod',
    ],
    [
      'the one of devEngines',
      { 'package.json': { ...deps, devEngines: { packageManager: { name: 'yarn', version: '4.5.0' } } } },
      'npx --yes --package=@yarnpkg/cli-dist@4.5.0 -- yarn workspaces focus --all --production',
    ],
    [
      'bun by bun.lock',
      { 'package.json': deps, 'bun.lock': '' },
      'npx --yes --package=bun@1 -- bun install --backend=copyfile --frozen-lockfile --production',
    ],
  ])('is %s', (_what, files, command) => {
    expect(install(files)).toBe(command);
  });

  test('comes along where dynos call it by its name', () => {
    const files = { 'package.json': deps, 'pnpm-lock.yaml': '', Procfile: 'web: pnpm start\n' };
    const made = plan(files);
    expect(made.steps[0]).toMatchObject({ name: 'tool', inputs: [], layers: ['.tfk/tools'] });
    expect(made.launchPath).toEqual(['node_modules/.bin', '.tfk/tools/node_modules/.bin']);
    expect(step(plan({ ...files, Procfile: 'web: node pnpm.js' }), 'tool')).toBeUndefined();
  });

  test('says what to do when npm wants to be told of scripts that packages run', () => {
    const finder = new HintFinder(step(plan({ 'package.json': deps }), 'install')?.hints);
    finder.see('npm error code ESTRICTALLOWSCRIPTS');
    expect(finder.found).toContain('npm install-scripts approve NAME');
  });

  test('says what to do when its lock file does not fit', () => {
    const hints = step(plan({ 'package.json': deps, 'yarn.lock': '' }), 'install')?.hints;
    expect(hints?.find(({ when }) => when === 'Your lockfile needs to be updated')?.say).toBe(
      'package.json and yarn.lock do not agree: run `yarn install`, commit yarn.lock, and push again.',
    );
  });
});

describe('workspaces', () => {
  const files = {
    'package.json': { workspaces: ['apps/*', 'libs/**', '!libs/old'], scripts: { build: 'x' } },
    'package-lock.json': '',
    'apps/web/package.json': { name: 'web', scripts: { start: 'x' }, devDependencies: { b: '1' } },
    'apps/README.md': '',
    'libs/tool/package.json': { bin: { tool: './cli.js', built: 'dist/x.js' } },
    'libs/tool/cli.js': '',
    'libs/deep/er/package.json': {},
    'libs/old/package.json': {},
    'libs/tool/node_modules/x/package.json': {},
  };

  test('are installed by their manifests and programs, each with modules of its own', () => {
    const install = step(plan(files), 'install');
    expect(install?.inputs).toEqual([
      'package.json',
      'package-lock.json',
      'apps/web/package.json',
      'libs/deep/er/package.json',
      'libs/tool/package.json',
      'libs/tool/cli.js',
    ]);
    const modules = ['apps/web', 'libs/deep/er', 'libs/tool'].map((path) => `${path}/node_modules`);
    expect(install?.layers).toEqual(['node_modules', ...modules]);
    expect(step(plan(files), 'prune')?.layers).toEqual(install?.layers);
    expect(plan(files).notes).toContain('Workspaces: apps/web, libs/deep/er, libs/tool');
  });

  test('are started by the root, or as the Procfile says', () => {
    expect(plan(files).defaultProcessTypes).toEqual({});
    expect(plan(files).warnings).toEqual([
      'Workspaces with a start script: apps/web. A Procfile says which runs, e.g. `web: npm start --workspace apps/web`.',
    ]);
    expect(plan({ ...files, Procfile: 'web: npm start -w web' }).warnings).toEqual([]);
  });

  test('of pnpm stand in a file of its own', () => {
    const made = plan({
      'package.json': { scripts: { build: 'x' } },
      'pnpm-lock.yaml': '',
      'pnpm-workspace.yaml': 'packages:\n  - "./packages/{a,b}"\n',
      'packages/a/package.json': { devDependencies: { x: '1' } },
      'packages/c/package.json': {},
    });
    expect(step(made, 'install')?.layers).toEqual(['node_modules', 'packages/a/node_modules']);
    expect(step(made, 'prune')?.commands[0]).toEqual(expect.arrayContaining(['install', '--prod']));
    expect(refusal({ 'package.json': {}, 'pnpm-workspace.yaml': '{' })).toMatch(
      /pnpm-workspace\.yaml is not valid/,
    );
  });

  test('with scripts of their own let the install see the whole source', () => {
    const prepares = { ...files, 'apps/web/package.json': { scripts: { prepare: 'x' } } };
    expect(step(plan(prepares), 'install')?.inputs).toBe('source');
  });

  test('whose manifest is broken are named', () => {
    expect(refusal({ ...files, 'apps/web/package.json': '{' })).toMatch(
      /^apps\/web\/package\.json is not valid JSON/,
    );
  });
});

const SERVE = 'node .tfk/static-server/main.mjs';
const settingsOf = (made: BuildPlan): SiteSettings =>
  JSON.parse(made.files['.tfk/static-server/settings.json'] ?? 'null') as SiteSettings;
const builtBy = (devDependencies: Record<string, string>, scripts: Record<string, string> = {}) => ({
  'package.json': { devDependencies, scripts: { build: 'build', ...scripts } },
  'package-lock.json': '',
});

describe('a website that is built', () => {
  test.each<[string, Files, Partial<SiteSettings>]>([
    ['Vite', builtBy({ vite: '6' }), { root: 'dist', fallback: 'index.html', hashedFolders: ['assets'] }],
    [
      'Vite, elsewhere',
      {
        ...builtBy({ vite: '6' }),
        'vite.config.ts': `export default {\n  build: { outDir: './public/app' },\n};`,
      },
      { root: 'public/app' },
    ],
    [
      'Create React App, whose start is for developers',
      builtBy({ 'react-scripts': '5' }, { start: 'react-scripts start' }),
      { root: 'build', fallback: 'index.html' },
    ],
    ['Astro', builtBy({ astro: '5', vite: '6' }), { root: 'dist', fallback: null }],
    [
      'Next.js, as files',
      { ...builtBy({ next: '15' }), 'next.config.mjs': `export default { output: 'export' };` },
      { root: 'out', cleanUrls: true },
    ],
    [
      'a tool that only static.json knows of',
      { ...builtBy({ hugo: '1' }), 'static.json': { root: 'made', https_only: true } },
      { root: 'made', httpsOnly: true },
    ],
  ])('by %s is served by tfk', (_what, files, settings) => {
    const made = plan(files);
    expect(made.defaultProcessTypes).toEqual({ web: SERVE });
    expect(settingsOf(made)).toMatchObject(settings);
    expect(made.steps.map(({ name }) => name)).toEqual(['install', 'build']);
    expect(made.exclude).toContain('/node_modules');
  });

  test.each<[string, Files]>([
    ['a server', builtBy({ vite: '6', express: '4' })],
    ['a start script', builtBy({ vite: '6' }, { start: 'node server.js' })],
    ['a Procfile', { ...builtBy({ vite: '6' }), Procfile: 'web: node x.js' }],
  ])('with %s is left to it', (_what, files) => {
    const made = plan(files);
    expect(made.files).toEqual({});
    expect(made.defaultProcessTypes['web']).not.toBe(SERVE);
    expect(made.steps.map(({ name }) => name)).toContain('prune');
  });

  test('is served beside other processes, and by a Procfile that asks for it', () => {
    const made = plan({ ...builtBy({ vite: '6' }), Procfile: `web: ${SERVE}\nworker: node w.js\n` });
    expect(settingsOf(made).root).toBe('dist');
    expect(made.exclude).not.toContain('/node_modules');
  });

  test('is one as it stands, where nothing is built', () => {
    const files = { 'package.json': { devDependencies: { prettier: '3' } }, 'index.html': '' };
    expect(settingsOf(plan(files)).root).toBe('.');
  });
});

test.each<[string, string]>([
  ['next', 'next start -p $PORT'],
  ['nuxt', 'node .output/server/index.mjs'],
  ['@remix-run/serve', 'remix-serve ./build/server/index.js'],
  ['@react-router/serve', 'react-router-serve ./build/server/index.js'],
  ['@sveltejs/adapter-node', 'node build'],
  ['@astrojs/node', 'HOST=0.0.0.0 node ./dist/server/entry.mjs'],
])('a framework’s server is web where nothing else is: %s', (name, web) => {
  const files = { 'package.json': { dependencies: { [name]: '1', vite: '6' }, scripts: { build: 'x' } } };
  expect(plan(files).defaultProcessTypes).toEqual({ web });
});

test('Next.js keeps its cache between builds, and out of the slug', () => {
  const made = plan({ 'package.json': { dependencies: { next: '15' }, scripts: { build: 'next build' } } });
  expect(step(made, 'build')).toMatchObject({ caches: { next: 'TFK_NEXT_CACHE' } });
  expect(step(made, 'build')?.commands).toHaveLength(2);
  expect(made.exclude).toContain('.next/cache');
});

test('builds see the config vars that frameworks put into pages, and no others', () => {
  const config = { VITE_API: 'a', NEXT_PUBLIC_X: 'b', DATABASE_URL: 'c', PUBLIC_KEY: 'd' };
  expect(plan(builtBy({ vite: '6' }), config).buildConfig).toEqual([
    'NEXT_PUBLIC_X',
    'PUBLIC_KEY',
    'VITE_API',
  ]);
  expect(plan({ 'package.json': { scripts: { start: 'x' } } }, config).buildConfig).toEqual([]);
});

describe('a website that a tool builds which tfk does not know', () => {
  const files = { ...builtBy({ gulp: '5' }), 'dist/index.html': '', 'gulpfile.mjs': '' };

  test('is served from where the source has its last build', () => {
    expect(plan(files).defaultProcessTypes).toEqual({ web: SERVE });
    expect(settingsOf(plan(files))).toMatchObject({ root: 'dist' });
    expect(plan(files).notes).toContain('Serving dist/, what its build leaves there');
  });

  test('and nothing else is: no templates, no app with a Procfile or a server', () => {
    const others = [
      { ...builtBy({ gulp: '5' }), 'public/index.html': '', 'index.html': '' },
      { ...files, Procfile: 'worker: node worker.js\n' },
      { ...builtBy({ gulp: '5', express: '5' }), 'dist/index.html': '' },
    ];
    for (const other of others) expect(plan(other).defaultProcessTypes).toEqual({});
  });
});
