import type { BuildStep } from '../plan.js';
import type { SourceTree } from '../source.js';
import { VENV } from './scripts.js';
import { appStep } from './steps.js';

/** What is known of a Django project; null where the source is none. */
export interface Django {
  /** `shop.settings`, as manage.py names it. */
  readonly settings: string | null;
}

export function readDjango(source: SourceTree, packages: ReadonlySet<string>): Django | null {
  if (!packages.has('django') || !source.has('manage.py')) return null;
  const settings = /['"]DJANGO_SETTINGS_MODULE['"]\s*,\s*['"]([\w.]+)['"]/.exec(
    source.read('manage.py') ?? '',
  );
  return { settings: settings?.[1] ?? null };
}

const SETTING = 'DISABLE_COLLECTSTATIC';

/** Collecting static files, as Heroku does; nothing and a reason where it is not to be done. */
export function collectStatic(
  source: SourceTree,
  { settings }: Django,
  config: Readonly<Record<string, string>>,
): { readonly steps: readonly BuildStep[]; readonly notes: readonly string[] } {
  if (!['', '0'].includes(config[SETTING] ?? '')) {
    return { steps: [], notes: [`Static files are not collected: ${SETTING} is set`] };
  }
  if (settings !== null && !hasStaticRoot(source, settings)) {
    return { steps: [], notes: [`Static files are not collected: there is no STATIC_ROOT in ${settings}`] };
  }
  const step = appStep({
    name: 'collectstatic',
    title: 'Collecting static files',
    commands: [[`${VENV}/bin/python`, 'manage.py', 'collectstatic', '--noinput']],
    hints: [{ say: HINT }],
  });
  return { steps: [step], notes: [] };
}

const HINT = `If the settings need config vars, name those that a build may see: \`tfk config:set TFK_BUILD_CONFIG="SECRET_KEY,…"\`. To do without: \`tfk config:set ${SETTING}=1\`.`;

/** In the settings or in any file beside them, from which they may import; where none of them is found, it may be anywhere. */
function hasStaticRoot(source: SourceTree, settings: string): boolean {
  const path = settings.replaceAll('.', '/');
  const folder = source.has(`${path}.py`) ? path.slice(0, Math.max(0, path.lastIndexOf('/'))) : path;
  const texts = source
    .list(folder)
    .filter((name) => name.endsWith('.py'))
    .map((name) => source.read(folder === '' ? name : `${folder}/${name}`) ?? '');
  return texts.length === 0 || texts.some((text) => text.includes('STATIC_ROOT'));
}
