import { describe, expect, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;

const planOf = (files: Files, config: Readonly<Record<string, string>> = {}) => {
  const locked = Object.keys(files).some((path) => path.endsWith('lock.yaml'));
  const source = aTree({ ...(locked ? {} : { 'package-lock.json': '{}' }), ...files });
  const context = { config, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const install = (files: Files, config: Readonly<Record<string, string>> = {}) =>
  planOf(files, config).steps.find(({ name }) => name === 'install');
const deps = { dependencies: { a: '1' } };

describe('the install sees the whole source', () => {
  test.each<[string, Files]>([
    ['overrides of npm', { 'package.json': { ...deps, overrides: { b: 'file:./b' } } }],
    ['overrides deep below', { 'package.json': { ...deps, overrides: { a: { '.': '1', b: 'file:b' } } } }],
    ['resolutions of Yarn', { 'package.json': { ...deps, resolutions: { b: 'portal:./b' } } }],
    ['a patch elsewhere', { 'package.json': { ...deps, resolutions: { b: 'patch:b@1#./fix.patch' } } }],
    ['overrides of pnpm', { 'package.json': { ...deps, pnpm: { overrides: { b: 'link:../b' } } } }],
    [
      'what extends packages',
      { 'package.json': { pnpm: { packageExtensions: { a: { dependencies: { b: 'file:b' } } } }, ...deps } },
    ],
    [
      'overrides in a file of pnpm',
      { 'package.json': deps, 'pnpm-workspace.yaml': 'overrides:\n  b: link:./b\n' },
    ],
    ['a dependency that is a script', { 'package.json': { dependencies: { b: 'exec:./make.js' } } }],
    ['a dependency that is an archive', { 'package.json': { dependencies: { b: 'b-1.0.0.tgz' } } }],
    [
      'a folder that settings name',
      { 'package.json': deps, '.yarnrc': 'yarn-offline-mirror "./offline"\n', 'offline/a.tgz': '' },
    ],
    [
      'hooks of pnpm that load other files',
      {
        'package.json': deps,
        'pnpm-lock.yaml': '',
        '.pnpmfile.cjs': "require('./fixes/a.js')",
        'fixes/a.js': '',
      },
    ],
    [
      'constraints that Yarn checks',
      { 'package.json': deps, '.yarnrc.yml': 'enableConstraintsChecks: true\n' },
    ],
  ])('for %s', (_what, files) => {
    expect(install(files)?.inputs).toBe('source');
  });

  test('and not for what the registry has', () => {
    const resolutions = {
      b: 'npm:c@1',
      c: 'patch:c@npm%3A1#~/.yarn/patches/c.patch',
      d: 'https://example.com/d.tgz',
    };
    const files = { 'package.json': { ...deps, resolutions, overrides: { e: { f: '$a', g: '^1' } } } };
    expect(install(files)?.inputs).toEqual(['package.json', 'package-lock.json']);
  });

  test('not for settings that are no paths, nor for comments', () => {
    const settings = {
      '.npmrc': '; see docs\n# docs\nregistry=https://example.com/\ndocs=true\nhoist-pattern[]=*eslint*\n',
      '.yarnrc.yml': 'nodeLinker: node-modules # docs\n',
      'pnpm-workspace.yaml': 'packages:\n  - docs\nonlyBuiltDependencies: [docs]\n',
      'package.json': { ...deps, pnpm: { onlyBuiltDependencies: ['docs'] } },
      'docs/index.md': '',
    };
    expect(install(settings)?.inputs).not.toBe('source');
  });
});

describe('the install sees', () => {
  test.each<[string, Files, readonly string[]]>([
    [
      'patches of pnpm',
      {
        'package.json': { ...deps, pnpm: { patchedDependencies: { 'a@1': 'patches/a.patch' } } },
        'patches/a.patch': '',
      },
      ['patches/a.patch'],
    ],
    [
      'patches of bun',
      {
        'package.json': { ...deps, patchedDependencies: { 'a@1': './patches/a.patch' } },
        'patches/a.patch': '',
      },
      ['patches/a.patch'],
    ],
    [
      'patches in a file of pnpm',
      {
        'package.json': deps,
        'pnpm-workspace.yaml': 'patchedDependencies:\n  a@1: fixes/a.patch\n',
        'fixes/a.patch': '',
      },
      ['fixes/a.patch'],
    ],
    [
      'hooks of pnpm elsewhere',
      { 'package.json': deps, '.npmrc': 'pnpmfile=./tools/hooks.cjs\n', 'tools/hooks.cjs': '' },
      ['tools/hooks.cjs'],
    ],
    [
      'certificates',
      { 'package.json': deps, '.npmrc': 'cafile = "certs/ca.pem"\n', 'certs/ca.pem': '' },
      ['certs/ca.pem'],
    ],
    [
      'other settings',
      { 'package.json': deps, '.npmrc': 'userconfig=ci.npmrc\n', 'ci.npmrc': '' },
      ['ci.npmrc'],
    ],
    [
      'Yarn 1 of the source',
      { 'package.json': deps, '.yarnrc': 'yarn-path "tools/yarn.js"\n', 'tools/yarn.js': '' },
      ['tools/yarn.js'],
    ],
    [
      'plugins of Yarn',
      {
        'package.json': deps,
        '.yarnrc.yml': 'plugins:\n  - path: tools/a.cjs\n    spec: a\n  - ./tools/b.cjs\n',
        'tools/a.cjs': '',
        'tools/b.cjs': '',
      },
      ['tools/a.cjs', 'tools/b.cjs'],
    ],
    [
      'variables of Yarn',
      {
        'package.json': deps,
        '.yarnrc.yml': 'injectEnvironmentFiles: [ci.env?]\n',
        'ci.env': '',
        '.env.yarn': '',
      },
      ['.env.yarn', 'ci.env'],
    ],
    [
      'certificates of bun',
      { 'package.json': deps, 'bunfig.toml': '[install]\ncafile = "ca.pem"\n', 'ca.pem': '' },
      ['ca.pem'],
    ],
  ])('%s', (_what, files, paths) => {
    const made = install(files);
    expect(made?.inputs).toEqual(expect.arrayContaining([...paths]));
    expect(made?.layers).toEqual(['node_modules']);
  });
});

describe('config vars that settings name', () => {
  const files = { 'package.json': deps, '.npmrc': '//npm.example.com/:_authToken=${NPM_TOKEN}\n' };

  test('are given to the install, which sees its files only', () => {
    const made = planOf(files, { NPM_TOKEN: 'x', OTHER: 'y' });
    expect(made.buildConfig).toEqual(['NPM_TOKEN']);
    expect(made.steps[0]).toMatchObject({
      inputs: ['package.json', 'package-lock.json', '.npmrc'],
      config: ['NPM_TOKEN'],
    });
    expect(install(files)?.config).toEqual([]);
  });

  test('may name files of the source', () => {
    const ours = { ...files, '.npmrc': 'cafile=${CA}\n', 'certs/ca.pem': '' };
    expect(install(ours, { CA: './certs/ca.pem' })?.inputs).toContain('certs/ca.pem');
    expect(install(ours, { CA: '/etc/ca.pem' })?.inputs).not.toContain('certs/ca.pem');
  });

  test('are npm’s own, too', () => {
    expect(planOf(files, { NPM_CONFIG_LEGACY_PEER_DEPS: 'true' }).steps[0]?.config).toEqual([
      'NPM_CONFIG_LEGACY_PEER_DEPS',
    ]);
  });
});
