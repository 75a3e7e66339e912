import type { BuildStep } from '../plan.js';
import { installCommands, packageOf, pruneCommands, toolSettings } from './commands.js';
import { installHints } from './hints.js';
import { installInputs } from './install-inputs.js';
import type { NodeApp } from './node-app.js';

export function installStep(app: NodeApp, withDev: boolean): BuildStep {
  const { env, caches } = toolSettings(app.manager);
  return {
    name: 'install',
    title: 'Installing dependencies',
    inputs: installInputs(app),
    config: [...app.variables.keys()],
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
