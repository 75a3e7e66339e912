import type { SourceTree } from '../source.js';
import type { Django } from './django.js';

/** A web process for a source whose Procfile names none, and by what it was found. */
export interface WebDefault {
  readonly command: string;
  readonly because: string;
}

interface Served {
  /** `shop.wsgi`, `app:app` */
  readonly target: string;
  readonly because: string;
  readonly kind: 'wsgi' | 'asgi';
}

/** Null where nothing is known to be served, or no server for it is among the packages. */
export function webDefault(
  source: SourceTree,
  packages: ReadonlySet<string>,
  django: Django | null,
): WebDefault | null {
  const served = django === null ? ofFramework(source, packages) : ofDjango(source, packages, django);
  if (served === null) return null;
  const { target, because } = served;
  if (served.kind === 'wsgi' && packages.has('gunicorn')) {
    return { command: `gunicorn ${target} --bind 0.0.0.0:$PORT`, because };
  }
  if (served.kind === 'asgi' && packages.has('uvicorn')) {
    return { command: `uvicorn ${target} --host 0.0.0.0 --port $PORT`, because };
  }
  return null;
}

/** Its asgi.py serves as well, where that is what there is a server for. */
function ofDjango(source: SourceTree, packages: ReadonlySet<string>, { settings }: Django): Served | null {
  const named = settings?.split('.')[0];
  const folders = source.list('').flatMap((name) => (name.endsWith('/') ? [name.slice(0, -1)] : []));
  const kind = packages.has('gunicorn') ? 'wsgi' : 'asgi';
  const project = [...(named === undefined ? [] : [named]), ...folders].find((folder) =>
    source.has(`${folder}/${kind}.py`),
  );
  if (project === undefined) return null;
  const target = kind === 'wsgi' ? `${project}.wsgi` : `${project}.asgi:application`;
  return { target, kind, because: `Django's ${project}/${kind}.py` };
}

const FRAMEWORKS = [
  { name: 'fastapi', made: /^(\w+)\s*(?::\s*FastAPI\s*)?=\s*(?:fastapi\.)?FastAPI\(/m, kind: 'asgi' },
  {
    name: 'flask',
    made: /^(app|application)\s*(?::\s*Flask\s*)?=\s*(?:(?:flask\.)?Flask|create_app)\(/m,
    kind: 'wsgi',
  },
] as const;

const FILES = ['app.py', 'wsgi.py', 'main.py'];

function ofFramework(source: SourceTree, packages: ReadonlySet<string>): Served | null {
  for (const { made, kind } of FRAMEWORKS.filter((framework) => packages.has(framework.name))) {
    for (const file of FILES) {
      const variable = made.exec(source.read(file) ?? '')?.[1];
      if (variable === undefined) continue;
      return { target: `${file.replace(/\.py$/, '')}:${variable}`, kind, because: `${variable} in ${file}` };
    }
  }
  return null;
}
