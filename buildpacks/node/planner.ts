import { planOn, type BuildPlan, type BuildStep, type Runtime } from '../plan.js';
import { PlanError, type Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import { installCommand, pruneCommand, scriptCommand, toolSettings } from './commands.js';
import { readPackageJson, type PackageJson } from './package-json.js';
import { choosePackageManager, type PackageManager } from './package-manager.js';

export const nodePlanner: Planner = {
  name: 'node',
  looksFor: 'package.json (Node.js)',
  buildpack: { name: 'heroku/nodejs', description: 'Node.js apps, by npm, yarn or pnpm' },
  detect: (source) => source.has('package.json'),
  helps: hasBuildScript,
  plan(source) {
    const packageJson = readPackageJson(source);
    refuseWorkspaces(source, packageJson);
    const manager = choosePackageManager(source, packageJson);
    return planFor({ source, packageJson, manager });
  },
};

interface NodeApp {
  readonly source: SourceTree;
  readonly packageJson: PackageJson;
  readonly manager: PackageManager;
}

const LAYER = 'node_modules';

/** Files which the package managers read; a change to any other file never reinstalls. */
const INSTALL_FILES = [
  'package.json',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
];

function planFor(app: NodeApp): BuildPlan {
  const { source, packageJson, manager } = app;
  const startable = packageJson.scripts.has('start') || source.has('server.js');
  return {
    ...planOn(runtimeOf(packageJson)),
    planner: 'node',
    label: 'Node.js',
    notes: notesOf(app),
    warnings: warningsOf(app),
    steps: stepsOf(app),
    defaultProcessTypes: startable ? { web: 'npm start' } : {},
    // A release command by way of npm should not ask people to update npm.
    launchEnv: { NODE_ENV: 'production', NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
    launchPath: ['node_modules/.bin'],
    exclude: [
      'node_modules/.cache',
      ...(manager.name === 'yarn-berry' ? ['.yarn/cache', '.yarn/unplugged'] : []),
    ],
  };
}

function runtimeOf({ nodeRange: range }: PackageJson): Runtime {
  const asked = range === null ? null : `package.json asks for Node.js ${range} in engines.node`;
  return { language: 'node', range, asked };
}

function stepsOf(app: NodeApp): BuildStep[] {
  const { packageJson, manager } = app;
  const build = buildScript(packageJson);
  const installs = hasDependencies(packageJson) || hasInstallScripts(packageJson);
  const prune = build !== null && packageJson.devDependencies.size > 0 ? pruneCommand(manager) : null;
  return [
    script(app, 'heroku-prebuild', 'prebuild'),
    installs ? installStep(app, build !== null) : null,
    build === null ? null : script(app, build, 'build'),
    prune === null ? null : { ...installStep(app, true), ...PRUNE, commands: [prune] },
    script(app, 'heroku-cleanup', 'cleanup'),
  ].filter((step) => step !== null);
}

const PRUNE = { name: 'prune', title: 'Pruning development dependencies' };

/** In a source of another language a broken package.json is nobody's. */
function hasBuildScript(source: SourceTree): boolean {
  try {
    return source.has('package.json') && buildScript(readPackageJson(source)) !== null;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

/** Heroku's own script replaces the usual one. */
function buildScript({ scripts }: PackageJson): string | null {
  return ['heroku-postbuild', 'build'].find((name) => scripts.has(name)) ?? null;
}

function installStep(app: NodeApp, withDev: boolean): BuildStep {
  const { env, caches } = toolSettings(app.manager);
  return {
    name: 'install',
    title: 'Installing dependencies',
    inputs: seesWholeSource(app) ? 'source' : INSTALL_FILES.filter((file) => app.source.has(file)),
    commands: [installCommand(app.manager, withDev)],
    env: { ...env, NODE_ENV: withDev ? 'development' : 'production' },
    caches,
    layers: [LAYER],
  };
}

function script({ packageJson, manager }: NodeApp, name: string, step: string): BuildStep | null {
  if (!packageJson.scripts.has(name)) return null;
  const { env, caches } = toolSettings(manager);
  return {
    name: step,
    title: `Running the ${name} script`,
    inputs: 'source',
    commands: [scriptCommand(manager, name)],
    env: { ...env, NODE_ENV: 'production' },
    caches,
    layers: [],
  };
}

/** Does installing read more than the manifests: own scripts, patches, packages that lie in the source? */
function seesWholeSource({ source, packageJson }: NodeApp): boolean {
  const specs = [...packageJson.dependencies.values(), ...packageJson.devDependencies.values()];
  return (
    hasInstallScripts(packageJson) ||
    packageJson.scripts.has('heroku-prebuild') ||
    packageJson.patches ||
    source.has('.yarn') ||
    source.has('binding.gyp') ||
    /^patchedDependencies:/m.test(source.read('pnpm-workspace.yaml') ?? '') ||
    specs.some((spec) => /^(file|link|portal|patch):|^\.{0,2}\//.test(spec))
  );
}

const INSTALL_SCRIPTS = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
];
const hasInstallScripts = ({ scripts }: PackageJson): boolean =>
  INSTALL_SCRIPTS.some((name) => scripts.has(name));
const hasDependencies = (packageJson: PackageJson): boolean =>
  packageJson.dependencies.size + packageJson.devDependencies.size > 0;

function notesOf({ packageJson, manager }: NodeApp): string[] {
  const range = packageJson.nodeRange;
  return [
    range === null ? 'package.json names no engines.node' : `engines.node in package.json: ${range}`,
    hasDependencies(packageJson) ? `Using ${manager.because}` : 'package.json names no dependencies',
  ];
}

function warningsOf({ packageJson, manager }: NodeApp): string[] {
  if (manager.lockFile !== null || !hasDependencies(packageJson)) return [];
  return [
    'No lock file: the versions of the dependencies may differ from build to build. Commit package-lock.json, yarn.lock or pnpm-lock.yaml.',
  ];
}

function refuseWorkspaces(source: SourceTree, { hasWorkspaces }: PackageJson): void {
  const pnpm = /^packages:/m.test(source.read('pnpm-workspace.yaml') ?? '');
  if (!hasWorkspaces && !pnpm) return;
  throw new PlanError(
    `workspaces are not supported yet: they are declared in ${pnpm ? 'pnpm-workspace.yaml' : 'package.json'}.`,
    'Push the folder of the one package to deploy, with a lock file of its own.',
  );
}
