import { parseJson } from './json.js';
import { PlanError } from './planner.js';
import { readProcfile } from './procfile.js';
import type { SourceTree } from './source.js';

const NODE = [
  ...['node', 'nodejs', 'npm', 'npx', 'yarn', 'yarnpkg', 'pnpm', 'pnpx', 'bun', 'bunx'],
  ...[
    'next',
    'nuxt',
    'nest',
    'remix-serve',
    'react-router-serve',
    'tsx',
    'ts-node',
    'nodemon',
    'pm2-runtime',
  ],
];
const PYTHON = [
  ...[
    'python',
    'python2',
    'python3',
    'pip',
    'uv',
    'poetry',
    'pipenv',
    'gunicorn',
    'uvicorn',
    'hypercorn',
    'daphne',
  ],
  ...['waitress-serve', 'granian', 'uwsgi', 'celery', 'rq', 'dramatiq', 'huey_consumer', 'flask', 'fastapi'],
  ...['django-admin', 'alembic', 'streamlit'],
];

type Known = 'node' | 'python';

/** Whose program a command of a Procfile is, by the first word that tells: `A=1 bin/wait gunicorn x` is Python's. */
export function languageOf(command: string): Known | null {
  for (const word of command.split(/[\s;&|()"']+/)) {
    const program = word.slice(word.lastIndexOf('/') + 1);
    if (NODE.includes(program) || /\.[cm]?[jt]s$/.test(program)) return 'node';
    if (PYTHON.includes(program) || /^python3\.\d+$|\.py$/.test(program)) return 'python';
  }
  return null;
}

/**
 * Of a source that is Node.js's and another language's: is it Node.js that runs it, and what is there of the other one a stray
 * file or a tool's? By what the Procfile starts; where that does not say, by what could be started. Else the other one is the
 * main language, and Node.js may help it.
 */
export function isRunByNode(source: SourceTree, other: string): boolean {
  const languages = Object.values(unlessBroken(() => readProcfile(source)) ?? {}).map(languageOf);
  // Programs that a language builds have any name.
  const theirs = other === 'python' ? languages.includes('python') : languages.some((by) => by !== 'node');
  if (languages.includes('node')) return !theirs;
  return (
    other === 'python' && !theirs && startsByNode(source) && !PYTHON_FILES.some((file) => source.has(file))
  );
}

/** By which an app in Python is started. */
const PYTHON_FILES = ['manage.py', 'app.py', 'wsgi.py', 'asgi.py', 'main.py'];

/** Does a Procfile start any program of Node.js? */
export const namesNode = (source: SourceTree): boolean =>
  Object.values(unlessBroken(() => readProcfile(source)) ?? {}).some(
    (command) => languageOf(command) === 'node',
  );

function startsByNode(source: SourceTree): boolean {
  if (source.has('server.js')) return true;
  const json = source.read('package.json');
  const fields = json === null ? null : unlessBroken(() => parseJson('package.json', json));
  const scripts = fieldOf(fields, 'scripts');
  return typeof fieldOf(scripts, 'start') === 'string';
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** What is broken is told by who plans with it. */
function unlessBroken<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof PlanError) return null;
    throw error;
  }
}
