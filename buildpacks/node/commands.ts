import { coerce } from 'semver';
import type { PackageManager } from './package-manager.js';

export type Command = readonly [string, ...string[]];

/** Environment and caches of every step: quiet tools, and downloads kept between builds. */
export interface ToolSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly caches: Readonly<Record<string, string>>;
}

const NPM_ENV = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};
const NPM_CACHE = { npm: 'npm_config_cache' };

export function toolSettings({ name }: PackageManager): ToolSettings {
  switch (name) {
    case 'npm':
      return { env: NPM_ENV, caches: NPM_CACHE };
    case 'yarn-classic':
      return { env: NPM_ENV, caches: { ...NPM_CACHE, yarn: 'YARN_CACHE_FOLDER' } };
    case 'yarn-berry':
      return {
        // Plug'n'Play would need Yarn itself at run time; node_modules is what every command line understands.
        env: { ...NPM_ENV, YARN_NODE_LINKER: 'node-modules', YARN_ENABLE_TELEMETRY: '0' },
        caches: { ...NPM_CACHE, yarn: 'YARN_GLOBAL_FOLDER' },
      };
    case 'pnpm':
      return {
        // Without CI, pnpm asks before it replaces a folder. Copies: a layer must share no file with the store.
        env: { ...NPM_ENV, CI: 'true', npm_config_package_import_method: 'copy' },
        caches: { ...NPM_CACHE, pnpm: 'npm_config_store_dir' },
      };
    case 'bun':
      return { env: NPM_ENV, caches: { ...NPM_CACHE, bun: 'BUN_INSTALL_CACHE_DIR' } };
  }
}

/** Exactly what the lock file says, where there is one: a file that does not fit package.json ends the build. */
export function installCommands(manager: PackageManager, withDev: boolean): readonly Command[] {
  const install = installCommand(manager, withDev);
  if (withDev || manager.name !== 'yarn-berry' || !focuses(manager)) return [install];
  // What Yarn installs for production it never compares with the lock file.
  return manager.lockFile === null ? [focus(manager)] : [[...install, '--mode=skip-build'], focus(manager)];
}

function installCommand(manager: PackageManager, withDev: boolean): Command {
  const locked = manager.lockFile !== null;
  switch (manager.name) {
    case 'npm':
      return run(manager, [locked ? 'ci' : 'install', withDev ? '--include=dev' : '--omit=dev']);
    case 'yarn-classic':
      return run(manager, [
        'install',
        '--non-interactive',
        ...(locked ? ['--frozen-lockfile'] : []),
        `--production=${String(!withDev)}`,
      ]);
    case 'yarn-berry':
      return run(manager, ['install', ...(locked ? ['--immutable'] : ['--no-immutable'])]);
    case 'pnpm':
      return run(manager, [
        'install',
        locked ? '--frozen-lockfile' : '--no-frozen-lockfile',
        withDev ? '--prod=false' : '--prod',
      ]);
    case 'bun': {
      // Copies: a layer must share no file with the cache.
      const options = ['--backend=copyfile', ...(locked ? ['--frozen-lockfile'] : [])];
      return run(manager, ['install', ...options, ...(withDev ? [] : ['--production'])]);
    }
  }
}

/** Removes development dependencies from an installed tree; null where the tool cannot. */
export function pruneCommands(manager: PackageManager, hasWorkspaces: boolean): readonly Command[] | null {
  switch (manager.name) {
    case 'npm':
      return [run(manager, ['prune', '--omit=dev', '--ignore-scripts'])];
    case 'yarn-classic': {
      const options = ['--non-interactive', '--production=true', '--ignore-scripts', '--prefer-offline'];
      const locked = manager.lockFile === null ? [] : ['--frozen-lockfile'];
      return [run(manager, ['install', ...options, ...locked])];
    }
    case 'yarn-berry':
      return focuses(manager) ? [focus(manager)] : null;
    case 'pnpm':
      // Its prune looks at one package only; an install for production removes the rest from all.
      if (hasWorkspaces) return [[...installCommand(manager, false), '--ignore-scripts', '--prefer-offline']];
      return [run(manager, ['prune', '--prod', '--ignore-scripts'])];
    case 'bun':
      // It has no prune: all is installed anew, out of its cache.
      return [
        ['find', '.', '-name', 'node_modules', '-prune', '-exec', 'rm', '-rf', '{}', '+'],
        installCommand(manager, false),
      ];
  }
}

export const scriptCommand = (manager: PackageManager, script: string): Command =>
  run(manager, ['run', script]);

/** Yarn learned to install production dependencies only, without a plugin, in version 4. */
const focuses = ({ version }: PackageManager): boolean => (coerce(version)?.major ?? 0) >= 4;

/** Are development dependencies in dynos, since the tool cannot leave them out? */
export const keepsDevelopment = (manager: PackageManager): boolean =>
  manager.name === 'yarn-berry' && !focuses(manager);

const focus = (manager: PackageManager): Command =>
  run(manager, ['workspaces', 'focus', '--all', '--production']);

/** The tool by way of npx, which comes with Node.js: the host need not have it, and its version is the wanted one. */
function run(manager: PackageManager, rest: readonly string[]): Command {
  if (manager.program !== null) return ['node', manager.program, ...rest];
  const tool = toolOf(manager);
  if (tool === 'npm' && manager.version === null) return ['npm', ...rest];
  return ['npx', '--yes', `--package=${packageOf(manager)}`, '--', tool, ...rest];
}

/** The command that people type. */
export const toolOf = ({ name }: PackageManager): string => (name.startsWith('yarn') ? 'yarn' : name);

/** What to install for it, with its version. */
export const packageOf = (manager: PackageManager): string =>
  `${manager.name === 'yarn-berry' ? '@yarnpkg/cli-dist' : toolOf(manager)}@${manager.version ?? 'latest'}`;
