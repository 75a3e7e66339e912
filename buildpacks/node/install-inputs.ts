import { isFolder, namedPaths } from '../named-paths.js';
import type { SourceTree } from '../source.js';
import type { NodeApp } from './node-app.js';
import { textsBelow, type PackageJson } from './package-json.js';
import { readPnpmWorkspace } from './pnpm-workspace.js';
import { pathsAmong, pathsInSettings } from './settings.js';

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
  '.env.yarn',
  '.pnpmfile.cjs',
  '.pnpmfile.mjs',
];
const YARN_FOLDERS = ['.yarn/releases', '.yarn/plugins', '.yarn/patches'];

/** What installing reads of the source: these files, or nobody knows what. */
export function installInputs(app: NodeApp): readonly string[] | 'source' {
  if (seesWholeSource(app)) return 'source';
  const named = namedFiles(app);
  if (named.some((path) => isFolder(app.source, path))) return 'source';
  const files = [...new Set([...filesRead(app), ...named])];
  return files.some((path) => loadsOthers(app, path)) ? 'source' : files;
}

/** Does installing read more than manifests and what they name: own scripts, packages that lie in the source? */
function seesWholeSource({ source, packageJson, workspaces }: NodeApp): boolean {
  const packages = [packageJson, ...workspaces.map((workspace) => workspace.packageJson)];
  const { overrides, packageExtensions } = readPnpmWorkspace(source);
  return (
    packages.some((found) => hasInstallScripts(found) || dependsOnSource(found)) ||
    [...textsBelow(overrides), ...textsBelow(packageExtensions)].some(isOfSource) ||
    packageJson.scripts.has('heroku-prebuild') ||
    source.has('.yarn/cache') ||
    ['', ...workspaces.map(({ path }) => `${path}/`)].some((folder) => source.has(`${folder}binding.gyp`)) ||
    /^enableConstraintsChecks:\s*true/m.test(source.read('.yarnrc.yml') ?? '')
  );
}

function dependsOnSource({ dependencies, devDependencies, overrides }: PackageJson): boolean {
  return [...dependencies.values(), ...devDependencies.values(), ...overrides].some(isOfSource);
}

/** Does a version mean a package, an archive or a patch in the source? Patches where Yarn keeps them are files that it names. */
const isOfSource = (version: string): boolean =>
  /^(?:file|link|portal|exec):|^patch:(?!.*#(?:\.\/|~\/)?\.yarn\/patches)|^\.{0,2}\//.test(version) ||
  /^[^:]*\.(?:tgz|tar|tar\.gz)$/i.test(version);

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

/** What settings, patches and config vars name: hooks, plugins, certificates. */
function namedFiles({ source, packageJson, variables }: NodeApp): string[] {
  const ofPnpm = Object.entries(readPnpmWorkspace(source)).filter(([field]) => field !== 'packages');
  return [
    ...pathsInSettings(source),
    ...pathsAmong(source, textsBelow(ofPnpm)),
    ...namedPaths(source, [...packageJson.patches, ...variables.values()]),
  ];
}

/** The root's files, and of each workspace its manifest and the programs that others find by their names. */
function filesRead({ source, workspaces, manager }: NodeApp): string[] {
  const ofWorkspaces = workspaces.flatMap(({ path, packageJson }) => [
    `${path}/package.json`,
    ...packageJson.programs.map((program) => `${path}/${program.replace(/^\.\//, '')}`),
  ]);
  const ofYarn = YARN_FOLDERS.flatMap((folder) => filesBelow(source, folder));
  const itself = manager.program === null ? [] : [manager.program];
  const files = [...INSTALL_FILES, ...ofWorkspaces, ...ofYarn, ...itself];
  return files.filter((file) => source.has(file));
}

function filesBelow(source: SourceTree, folder: string): string[] {
  return source.list(folder).flatMap((entry) => {
    return entry.endsWith('/')
      ? filesBelow(source, `${folder}/${entry.slice(0, -1)}`)
      : [`${folder}/${entry}`];
  });
}

/** Hooks of pnpm are programs, and may be made of several files. */
const loadsOthers = ({ source, manager }: NodeApp, path: string): boolean =>
  manager.name === 'pnpm' &&
  /\.[cm]?js$/.test(path) &&
  /(?:require\(|from|import\(?)\s*['"`]\.|__dirname|import\.meta|readFile/.test(source.read(path) ?? '');
