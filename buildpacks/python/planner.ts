import { planOn, type BuildPlan } from '../plan.js';
import type { PlanContext, Planner } from '../planner.js';
import { readProcfile } from '../procfile.js';
import type { SourceTree } from '../source.js';
import { collectStatic, readDjango } from './django.js';
import { installing, toolConfig, type PythonApp } from './installing.js';
import { LOCK_FILES, lockedVersions } from './locked-versions.js';
import { chooseManager, unusedFiles, type Manager } from './manager.js';
import { readProject, type Project } from './project.js';
import { readRequirements, type Requirements } from './requirements.js';
import { VENV } from './scripts.js';
import { installSteps } from './steps.js';
import { pythonRuntime } from './version.js';
import { webDefault, type WebDefault } from './web.js';

export const pythonPlanner: Planner = {
  name: 'python',
  looksFor: 'requirements.txt, pyproject.toml, Pipfile, uv.lock, poetry.lock or setup.py (Python)',
  buildpack: { name: 'heroku/python', description: 'Python apps, by pip, uv, Poetry or Pipenv' },
  detect: (source) => FILES.some((file) => source.has(file)) || isProject(source) || asksForPython(source),
  plan(source, context) {
    const project = readProject(source);
    const manager = chooseManager(source, project);
    const requirements = manager.name === 'pip' ? readRequirements(source, 'requirements.txt') : null;
    return planFor({ source, context, project, manager, requirements });
  },
};

const FILES = ['requirements.txt', 'uv.lock', 'poetry.lock', 'Pipfile', 'Pipfile.lock', 'setup.py'];

/** Sources in other languages may have a pyproject.toml for their tools. */
const isProject = (source: SourceTree): boolean =>
  /^[ \t]*\[(project|build-system|tool\.poetry)\]/m.test(source.read('pyproject.toml') ?? '');

/** An app without dependencies. */
const asksForPython = (source: SourceTree): boolean =>
  /^python-/.test(source.read('runtime.txt') ?? '') ||
  (source.has('.python-version') && source.has('Procfile') && !source.has('package.json'));

interface Read {
  readonly source: SourceTree;
  readonly context: PlanContext;
  readonly project: Project;
  readonly manager: Manager;
  readonly requirements: Requirements | null;
}

function planFor(read: Read): BuildPlan {
  const { source, project, manager, requirements } = read;
  const { config } = read.context;
  const app: PythonApp = {
    source,
    project,
    manager: manager.name,
    requirements,
    toolConfig: toolConfig(config, requirements?.variables ?? project.pipfile?.variables ?? []),
  };
  const install = installing(app);
  const packages = packagesOf(read);
  const django = readDjango(source, packages);
  const collect = django === null ? { steps: [], notes: [] } : collectStatic(source, django, config);
  const web = webDefault(source, packages, django);
  return {
    ...planOn(pythonRuntime(source, project)),
    planner: 'python',
    label: 'Python',
    notes: [...notesOf(read), ...collect.notes, ...webNotes(source, web)],
    warnings: warningsOf(read),
    steps: [...(install === null ? [] : installSteps(install)), ...collect.steps],
    buildConfig: [...app.toolConfig.keys()],
    defaultProcessTypes: web === null ? {} : { web: web.command },
    launchEnv: LAUNCH_ENV,
    launchPath: install === null ? [] : [`${VENV}/bin`],
  };
}

/** Output reaches the log line by line, text is UTF-8, and servers believe the router's X-Forwarded-*. */
const LAUNCH_ENV = { PYTHONUNBUFFERED: '1', LANG: 'C.UTF-8', FORWARDED_ALLOW_IPS: '*' };

/** Normalised names of what will be installed, as far as the files say. */
function packagesOf({ source, project, requirements }: Read): ReadonlySet<string> {
  const locked = LOCK_FILES.flatMap((file) => Object.keys(lockedVersions(file, source.read(file) ?? '')));
  const { pyproject, pipfile } = project;
  return new Set([
    ...locked,
    ...(requirements?.names ?? []),
    ...(pyproject?.names ?? []),
    ...(pipfile?.names ?? []),
  ]);
}

function notesOf({ source, project, manager }: Read): string[] {
  const { asked } = pythonRuntime(source, project);
  const tool = manager.name === 'project' ? 'pip' : manager.name;
  return [
    asked ?? 'No file asks for a version of Python: .python-version would',
    manager.name === 'none' ? 'No file names dependencies' : `Using ${tool}, by ${manager.by}`,
  ];
}

function webNotes(source: SourceTree, web: WebDefault | null): string[] {
  if (web === null || Object.hasOwn(readProcfile(source) ?? {}, 'web')) return [];
  return [`The Procfile names no web process: it is \`${web.command}\`, by ${web.because}`];
}

function warningsOf({ source, manager, project }: Read): string[] {
  const { name, by } = manager;
  const unlocked = name === 'project' || (name === 'pipenv' && project.pipfileLock === null);
  return [
    ...unusedFiles(source, manager).map((file) => `${file} is not used: ${by} is.`),
    ...(unlocked
      ? [`No lock file: the versions of the dependencies may differ from build to build. ${LOCK}`]
      : []),
    ...(source.has(VENV) ? [`${VENV} of the source is replaced: add it to .gitignore.`] : []),
    ...toolsAtLaunch(source),
  ];
}

const LOCK = 'Commit uv.lock, poetry.lock or Pipfile.lock, or pin them in requirements.txt.';

/** The tools that install are not part of a slug, and its programs need none of them. */
function toolsAtLaunch(source: SourceTree): string[] {
  return Object.entries(readProcfile(source) ?? {}).flatMap(([type, command]) => {
    const tool = /^(uv|poetry|pipenv) run\s/.exec(command)?.[1];
    if (tool === undefined) return [];
    return [
      `${type} of the Procfile begins with \`${tool} run\`, which dynos do not have: leave these two words out.`,
    ];
  });
}
