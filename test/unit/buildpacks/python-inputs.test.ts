import { describe, expect, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

type Files = Readonly<Record<string, unknown>>;

const planOf = (files: Files, config: Readonly<Record<string, string>> = {}) => {
  const source = aTree(files);
  const context = { config, images: false };
  return choosePlanner(source, context).plan(source, context);
};
const install = (files: Files, config: Readonly<Record<string, string>> = {}) =>
  planOf(files, config).steps.find(({ name }) => name === 'install');

const PROJECT = '[project]\nname = "app"\ndependencies = ["a"]\n';
const uv = (pyproject: string, lock = '') => ({ 'pyproject.toml': pyproject, 'uv.lock': lock });
const poetry = (pyproject: string, lock = '') => ({ 'pyproject.toml': pyproject, 'poetry.lock': lock });

describe('the install sees the whole source', () => {
  test.each<[string, Files]>([
    ['a file that uv’s dependencies name', uv('[project]\nname = "app"\ndependencies = ["a @ file:./a"]\n')],
    [
      'a file in a group for developers, which uv locks too',
      uv(`${PROJECT}[dependency-groups]\ndev = ["b@file:b"]\n`),
    ],
    [
      'paths of uv for some systems',
      uv(`${PROJECT}[tool.uv.sources]\na = [{ path = "a", marker = "x" }, { index = "y" }]\n`),
    ],
    ['wheels that uv finds in a folder', uv(`${PROJECT}[tool.uv]\nfind-links = ["./wheels"]\n`)],
    ['an index that is a folder', uv(`${PROJECT}[[tool.uv.index]]\nname = "own"\nurl = "./index"\n`)],
    [
      'a folder in uv’s lock file',
      uv(PROJECT, '[[package]]\nname = "b"\nsource = { directory = "libs/b" }\n'),
    ],
    [
      'a registry of uv’s lock file that is a folder',
      uv(PROJECT, '[[package]]\nsource = { registry = "wheels" }\n'),
    ],
    [
      'dependencies that uv learns by building',
      uv(
        '[project]\nname = "app"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = { file = ["requirements.in"] }\n',
      ),
    ],
    ['extras that uv learns by building', uv(`${PROJECT}dynamic = ["optional-dependencies"]\n`)],
    [
      'paths of Poetry for some systems',
      poetry('[tool.poetry.dependencies]\na = [{ path = "a", platform = "x" }, { version = "1" }]\n'),
    ],
    ['an archive of Poetry', poetry('[tool.poetry.dependencies]\na = { file = "a.whl" }\n')],
    ['a plugin of Poetry', poetry('[tool.poetry.requires-plugins]\na = { path = "a" }\n')],
    [
      'a folder in Poetry’s lock file',
      poetry(PROJECT, '[package.source]\ntype = "directory"\nurl = "libs/b"\n'),
    ],
    [
      'an index of a Pipfile that is a folder',
      { Pipfile: '[[source]]\nurl = "file:./index"\n[packages]\na = "*"\n' },
    ],
    [
      'an index of requirements that is a folder',
      { 'requirements.txt': '--extra-index-url file:./index\na\n' },
    ],
    ['an index of requirements by its path', { 'requirements.txt': '-i ./index\na\n' }],
    ['an editable path in quotes', { 'requirements.txt': '-e "./a"\n' }],
    [
      'a path that a constraint has',
      { 'requirements.txt': 'a\n-c limits.txt\n', 'limits.txt': 'a @ file:./a\n' },
    ],
  ])('for %s', (_what, files) => {
    expect(install(files)?.inputs).toBe('source');
  });

  test('for a folder that config names', () => {
    const files = { 'requirements.txt': 'a\n', 'wheels/a.whl': '' };
    for (const links of ['https://example.com/ ./wheels', 'wheels'])
      expect(install(files, { PIP_FIND_LINKS: links })?.inputs).toBe('source');
  });

  test('and not for what the index has', () => {
    const lock =
      '[[package]]\nname = "app"\nsource = { virtual = "." }\n[[package]]\nsource = { registry = "https://pypi.org/simple" }\n[[package]]\nsource = { git = "https://example.com/a?rev=1#2" }\n';
    expect(install(uv(PROJECT, lock))?.inputs).toEqual(['pyproject.toml', 'uv.lock']);
    const locked = '[package.source]\ntype = "legacy"\nurl = "https://example.com/simple"\n';
    expect(install(poetry(PROJECT, locked))?.inputs).toEqual(['pyproject.toml', 'poetry.lock']);
    const index = '-i https://example.com/simple\n--extra-index-url=https://example.com/other\na\n';
    expect(install({ 'requirements.txt': index })?.inputs).toEqual(['requirements.txt']);
  });
});

describe('config vars of the tools', () => {
  test('are given to the install, which sees its files only', () => {
    const files = {
      'requirements.txt': '--index-url https://${TOKEN}@example.com/\n--extra-index-url ${NONE}\na',
    };
    const made = planOf(files, { TOKEN: 't', PIP_EXTRA_INDEX_URL: 'u', OTHER: 'o' });
    expect(made.buildConfig).toEqual(['PIP_EXTRA_INDEX_URL', 'TOKEN']);
    expect(made.steps[0]).toMatchObject({
      inputs: ['requirements.txt'],
      config: ['PIP_EXTRA_INDEX_URL', 'TOKEN'],
    });
  });

  test('may name files of the source', () => {
    const files = { 'requirements.txt': 'a\n', 'limits/all.txt': '', 'pip.conf': '' };
    const config = { PIP_CONSTRAINT: 'limits/all.txt', PIP_CONFIG_FILE: './pip.conf' };
    expect(install(files, config)?.inputs).toEqual(['requirements.txt', 'pip.conf', 'limits/all.txt']);
  });

  test('are those that a Pipfile names, too', () => {
    const files = {
      Pipfile: '[[source]]\nurl = "https://$USER:${PASSWORD}@example.com/"\n[packages]\na = "*"\n',
    };
    expect(install(files, { PASSWORD: 'p', USER: 'u', OTHER: 'o' })?.config).toEqual(['PASSWORD', 'USER']);
  });
});
