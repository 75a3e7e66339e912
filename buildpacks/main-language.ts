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
  ...['django-admin', 'alembic', 'streamlit', 'sanic', 'litestar', 'pserve', 'airflow', 'honcho'],
];

type Known = 'node' | 'python';

/** Between the simple commands of a line, and around them. */
const SEPARATORS = /[;&|()\n]+/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
/** What only runs what comes after it. */
const RUNNERS = ['exec', 'env', 'nohup', 'time', 'command'];

/** Whose programs a command of a Procfile starts: `A=1 bin/wait gunicorn x` Python's, `npm run build && gunicorn x` both's. */
export function languagesOf(command: string): ReadonlySet<Known> {
  const found = command
    .split(SEPARATORS)
    .map((simple) => languageOf(simple.split(/[\s"']+/).filter((word) => word !== '')));
  return new Set(found.filter((language) => language !== null));
}

/** Of a simple command, by the first word that is a program's name; by a file's name only where that is what is started. */
function languageOf(words: readonly string[]): Known | null {
  const told = words.filter((word) => !ASSIGNMENT.test(word) && !RUNNERS.includes(word));
  const [started = ''] = told;
  if (/\.[cm]?[jt]s$/.test(started)) return 'node';
  if (started.endsWith('.py')) return 'python';
  for (const word of told) {
    const program = word.slice(word.lastIndexOf('/') + 1);
    if (NODE.includes(program)) return 'node';
    if (PYTHON.includes(program) || /^python3\.\d+$/.test(program)) return 'python';
  }
  return null;
}

/**
 * Of a source that is Node.js's and another language's: is it Node.js that runs it, and what is there of the other one a stray
 * file or a tool's? By what the Procfile starts; where there is none, by what could be started. Else the other one is the main
 * language, and Node.js may help it.
 */
export function isRunByNode(source: SourceTree, other: string): boolean {
  const procfile = unlessBroken(() => readProcfile(source)) ?? {};
  const languages = Object.values(procfile).map(languagesOf);
  if (languages.some((set) => set.has('node'))) {
    // Programs that a language builds have any name; of Python's, what a web process is started by may be a script.
    const unknown = other === 'python' ? isUnknown(procfile['web']) : languages.some((set) => set.size === 0);
    return !unknown && !languages.some((set) => set.has('python'));
  }
  if (other !== 'python' || languages.length > 0) return false;
  return startsByNode(source) && !PYTHON_FILES.some((file) => source.has(file));
}

const isUnknown = (command: string | undefined): boolean =>
  command !== undefined && languagesOf(command).size === 0;

/** By which an app in Python is started. */
const PYTHON_FILES = ['manage.py', 'app.py', 'wsgi.py', 'asgi.py', 'main.py'];

/** Does a Procfile start any program of Node.js? */
export const namesNode = (source: SourceTree): boolean =>
  Object.values(unlessBroken(() => readProcfile(source)) ?? {}).some((command) =>
    languagesOf(command).has('node'),
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
