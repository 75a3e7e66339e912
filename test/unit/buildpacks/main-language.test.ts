import { describe, expect, test } from 'vitest';
import { languagesOf } from '../../../buildpacks/main-language.js';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { aTree } from './tree.js';

const context = { config: {}, images: false };
const planOf = (files: Readonly<Record<string, unknown>>) =>
  choosePlanner(aTree(files), context).plan(aTree(files), context);

test.each([
  ['gunicorn app:app', ['python']],
  ['PORT=1 exec python3.12 -m shop', ['python']],
  ['bin/wait-for db celery -A shop worker', ['python']],
  ['./manage.py migrate && npm start', ['python', 'node']],
  ['npm run build && gunicorn app:app', ['node', 'python']],
  ['BUNDLE=static/app.js gunicorn app:app', ['python']],
  ['cd web && npm start', ['node']],
  ['NODE_ENV=production node --enable-source-maps dist/server.js', ['node']],
  ['node_modules/.bin/next start', ['node']],
  ['exec ./server.mjs', ['node']],
  ['bin/server', []],
  ['./bin/server --config next.config.js', []],
  ['java -jar app.jar --script=a.js', []],
  ['bundle exec puma', []],
])('`%s` starts programs of %j', (command, languages) => {
  expect([...languagesOf(command)]).toEqual(languages);
});

const NODE = { 'package.json': { scripts: { start: 'node server.js' } } };
const ASSETS = { 'package.json': { scripts: { build: 'webpack' }, devDependencies: { webpack: '5' } } };
const STRAY = { 'requirements.txt': 'mkdocs' };

describe('a source with package.json and requirements.txt', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a stray requirements.txt', { ...NODE, ...STRAY }, 'node'],
    [
      'a Procfile that starts Node.js',
      { ...ASSETS, ...STRAY, Procfile: 'web: node x.js\nworker: ./run' },
      'node',
    ],
    [
      'the same beside scripts in Python',
      { ...NODE, ...STRAY, Procfile: 'web: npm start', 'main.py': '' },
      'node',
    ],
    ['assets of a Django app', { ...ASSETS, ...STRAY, 'manage.py': '' }, 'python'],
    ['the same with a start script', { ...NODE, ...STRAY, 'manage.py': '' }, 'python'],
    ['a Procfile that starts Python', { ...NODE, ...STRAY, Procfile: 'web: gunicorn a:b' }, 'python'],
    [
      'a Procfile that starts both',
      { ...NODE, ...STRAY, Procfile: 'web: node a.js\nworker: celery -A a worker' },
      'python',
    ],
    [
      'a Procfile that builds by Node.js',
      { ...NODE, ...STRAY, Procfile: 'web: npm i && gunicorn a:b' },
      'python',
    ],
    [
      'a script that starts all, and a release command by Node.js',
      { ...NODE, ...STRAY, Procfile: 'web: ./start.sh\nrelease: npm run build' },
      'python',
    ],
    ['a script that starts all', { ...NODE, ...STRAY, Procfile: 'web: ./start.sh' }, 'python'],
    ['nothing that can be started', { ...ASSETS, ...STRAY }, 'python'],
    ['a Procfile that is broken', { ...ASSETS, ...STRAY, Procfile: 'x', 'app.py': '' }, 'python'],
  ])('with %s', (_, files, planner) => {
    expect(choosePlanner(aTree(files), context).name).toBe(planner);
  });

  test('that both run has what both need', () => {
    const Procfile = 'web: node a.js\nworker: python b.py';
    const plan = planOf({ ...NODE, ...STRAY, Procfile, 'package-lock.json': '{}' });
    expect(plan.tools).toMatchObject([{ language: 'node' }]);
  });
});

test.each([
  ['go', { 'go.mod': 'module x\ngo 1.22', 'main.go': 'package main' }],
  ['rust', { 'Cargo.toml': '[package]\nname = "x"', 'src/main.rs': '' }],
])('tools in %s make an app of Node.js no other', (planner, files) => {
  expect(planOf({ ...NODE, ...files, Procfile: 'web: npm start' }).planner).toBe('node');
  expect(planOf({ ...NODE, ...files, Procfile: 'web: npm start\nworker: bin/x' }).planner).toBe(planner);
  expect(planOf({ ...NODE, ...files }).planner).toBe(planner);
});

test('who only helps says nothing of what it would serve, and brings no server', () => {
  const vite = { 'package.json': { scripts: { build: 'vite build' }, devDependencies: { vite: '5' } } };
  const plan = planOf({
    ...vite,
    'requirements.txt': 'django',
    'manage.py': '',
    'vite.config.js': '',
    'index.html': '',
  });
  expect(plan).toMatchObject({ planner: 'python', files: {} });
  expect(plan.notes.join('\n')).not.toContain('Serving');
});
