import type { BuildStep } from '../plan.js';
import type { SourceTree } from '../source.js';
import { installCommands, packageOf, pruneCommands, toolSettings } from './commands.js';
import { installHints } from './hints.js';
import type { NodeApp } from './node-app.js';
import type { PackageJson } from './package-json.js';

/** Files which the package managers read; a change to any other file never reinstalls. */
const INSTALL_FILES = [
  'package.json',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'bun.lock',
  'bun.lockb',
  'bunfig.toml',
  '.npmrc',
  '.yarnrc',
  '.yarnrc.yml',
  '.pnpmfile.cjs',
  '.pnpmfile.mjs',
];
const YARN_FOLDERS = ['.yarn/releases', '.yarn/plugins', '.yarn/patches'];

export function installStep(app: NodeApp, withDev: boolean): BuildStep {
  const { env, caches } = toolSettings(app.manager);
  return {
    name: 'install',
    title: 'Installing dependencies',
    inputs: seesWholeSource(app) ? 'source' : filesRead(app),
    commands: installCommands(app.manager, withDev),
    env: { ...env, NODE_ENV: withDev ? 'development' : 'production' },
    caches,
    layers: ['node_modules', ...app.workspaces.map(({ path }) => `${path}/node_modules`)],
    hints: installHints(app.manager),
  };
}

/** Null where there is nothing to prune, or the tool cannot. */
export function pruneStep(app: NodeApp): BuildStep | null {
  const { packageJson, manager, workspaces } = app;
  const packages = [packageJson, ...workspaces.map((workspace) => workspace.packageJson)];
  if (packages.every(({ devDependencies }) => devDependencies.size === 0)) return null;
  const commands = pruneCommands(manager, workspaces.length > 0);
  if (commands === null) return null;
  return { ...installStep(app, true), name: 'prune', title: 'Pruning development dependencies', commands };
}

/** Where a package manager lies that dynos call by name. */
const TOOLS = '.tfk/tools';
export const TOOLS_PATH = `${TOOLS}/node_modules/.bin`;

/** The package manager itself, for commands of the Procfile such as `yarn workspace web start`. */
export function toolStep({ manager }: NodeApp): BuildStep {
  const { env, caches } = toolSettings(manager);
  return {
    name: 'tool',
    title: `Installing ${packageOf(manager)} for dynos`,
    inputs: [],
    commands: [['npm', 'install', '--prefix', TOOLS, '--no-save', '--no-package-lock', packageOf(manager)]],
    env,
    caches,
    layers: [TOOLS],
  };
}

/** Does installing read more than the manifests: own scripts, patches, packages that lie in the source, a config var? */
function seesWholeSource({ source, packageJson, workspaces, variables }: NodeApp): boolean {
  const packages = [packageJson, ...workspaces.map((workspace) => workspace.packageJson)];
  return (
    packages.some((found) => hasInstallScripts(found) || dependsOnSource(found)) ||
    packageJson.scripts.has('heroku-prebuild') ||
    packageJson.patches ||
    variables.length > 0 ||
    source.has('.yarn/cache') ||
    ['', ...workspaces.map(({ path }) => `${path}/`)].some((folder) => source.has(`${folder}binding.gyp`)) ||
    /^patchedDependencies:/m.test(source.read('pnpm-workspace.yaml') ?? '')
  );
}

function dependsOnSource({ dependencies, devDependencies }: PackageJson): boolean {
  const specs = [...dependencies.values(), ...devDependencies.values()];
  return specs.some((spec) =>
    /^(file|link|portal):|^patch:(?!.*#(\.\/|~\/)?\.yarn\/patches)|^\.{0,2}\//.test(spec),
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
export const hasInstallScripts = ({ scripts }: PackageJson): boolean =>
  INSTALL_SCRIPTS.some((name) => {
    const script = scripts.get(name);
    return script !== undefined && !HOOKS_ONLY.test(script);
  });

/** What sets up git's hooks for developers, and nothing where there is no repository. */
const HOOKS_ONLY =
  /^(?:npx )?(?:husky(?: install)?|lefthook install|simple-git-hooks)(?: \|\| (?:true|exit 0))?$/;

/** The root's files, and of each workspace its manifest and the programs that others find by their names. */
function filesRead({ source, workspaces, manager }: NodeApp): string[] {
  const ofWorkspaces = workspaces.flatMap(({ path, packageJson }) => [
    `${path}/package.json`,
    ...packageJson.programs.map((program) => `${path}/${program.replace(/^\.\//, '')}`),
  ]);
  const ofYarn = YARN_FOLDERS.flatMap((folder) => filesBelow(source, folder));
  const itself = manager.program === null ? [] : [manager.program];
  const files = [...INSTALL_FILES, ...ofWorkspaces, ...ofYarn, ...itself];
  return [...new Set(files)].filter((file) => source.has(file));
}

function filesBelow(source: SourceTree, folder: string): string[] {
  return source.list(folder).flatMap((entry) => {
    return entry.endsWith('/')
      ? filesBelow(source, `${folder}/${entry.slice(0, -1)}`)
      : [`${folder}/${entry}`];
  });
}
