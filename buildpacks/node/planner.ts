import { namesNode } from '../main-language.js';
import { planOn, type BuildPlan, type BuildStep } from '../plan.js';
import { PlanError, type PlanContext, type Planner } from '../planner.js';
import { readProcfile } from '../procfile.js';
import type { SourceTree } from '../source.js';
import { scriptCommand, toolOf, toolSettings } from './commands.js';
import { hasInstallScripts } from './install-inputs.js';
import { installStep, pruneStep, TOOLS_PATH, toolStep } from './installing.js';
import { nextCache, nextLeftovers } from './next.js';
import type { NodeApp } from './node-app.js';
import { readPackageJson, type PackageJson } from './package-json.js';
import { choosePackageManager } from './package-manager.js';
import { buildVariables, installVariables } from './variables.js';
import { nodeVersion } from './version.js';
import { NO_WEB, webOf, type Web } from './web.js';
import { readWorkspaces } from './workspaces.js';

export const nodePlanner: Planner = {
  name: 'node',
  looksFor: 'package.json (Node.js)',
  buildpack: { name: 'heroku/nodejs', description: 'Node.js apps, by npm, yarn, pnpm or bun' },
  detect: (source) => source.has('package.json'),
  helps: (source) => source.has('package.json') && (hasBuildScript(source) || namesNode(source)),
  plan(source, context) {
    const packageJson = readPackageJson(source);
    const app = {
      source,
      packageJson,
      workspaces: readWorkspaces(source, packageJson),
      manager: choosePackageManager(source, packageJson),
      variables: installVariables(source, context.config),
      procfile: readProcfile(source) ?? {},
    };
    return planFor(app, context);
  },
};

function planFor(app: NodeApp, { config, helping = false }: PlanContext): BuildPlan {
  const { packageJson, manager, workspaces } = app;
  const version = nodeVersion(app.source, packageJson, manager);
  const web = helping ? NO_WEB : webOf(app);
  const tool = needsTool(app);
  return {
    ...planOn(version.runtime),
    planner: 'node',
    label: 'Node.js',
    notes: [version.note, ...notesOf(app), ...(web.note === null ? [] : [web.note])],
    warnings: [...version.warnings, ...warningsOf(app), ...web.warnings],
    steps: stepsOf(app, { web, tool }),
    files: web.files,
    buildConfig: [
      ...app.variables.keys(),
      ...(buildScript(packageJson) === null ? [] : buildVariables(config)),
    ],
    defaultProcessTypes: web.command === null ? {} : { web: web.command },
    // A release command by way of npm should not ask people to update npm.
    launchEnv: { NODE_ENV: 'production', NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
    launchPath: ['node_modules/.bin', ...(tool ? [TOOLS_PATH] : [])],
    exclude: [
      'node_modules/.cache',
      ...nextLeftovers(packageJson),
      ...(onlyFiles(app, web)
        ? ['/node_modules', ...workspaces.map(({ path }) => `/${path}/node_modules`)]
        : []),
      ...(manager.name === 'yarn-berry' ? ['.yarn/cache', '.yarn/unplugged'] : []),
    ],
  };
}

/** A website needs nothing of what built it, unless something else runs beside. */
const onlyFiles = ({ procfile }: NodeApp, { site }: Web): boolean =>
  site && Object.keys(procfile).length === 0;

/** Do dynos call the package manager by its name? npm comes with Node.js. */
function needsTool({ manager, procfile, packageJson }: NodeApp): boolean {
  const tool = toolOf(manager);
  if (tool === 'npm') return false;
  const commands = [...Object.values(procfile), packageJson.scripts.get('start') ?? ''];
  return commands.some((command) => new RegExp(`(^|[;&|(]|\\s)${tool}x?(\\s|$)`).test(command));
}

function stepsOf(app: NodeApp, { web, tool }: { readonly web: Web; readonly tool: boolean }): BuildStep[] {
  const { packageJson } = app;
  const build = buildScript(packageJson);
  const installs = hasDependencies(app) || hasInstallScripts(packageJson);
  return [
    tool ? toolStep(app) : null,
    script(app, 'heroku-prebuild', 'prebuild'),
    installs ? installStep(app, build !== null) : null,
    build === null ? null : nextCache(packageJson, script(app, build, 'build')),
    build === null || onlyFiles(app, web) ? null : pruneStep(app),
    script(app, 'heroku-cleanup', 'cleanup'),
  ].filter((step) => step !== null);
}

/** In a source of another language a broken package.json is nobody's. */
function hasBuildScript(source: SourceTree): boolean {
  try {
    return buildScript(readPackageJson(source)) !== null;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

/** Heroku's own script replaces the usual one. */
function buildScript({ scripts }: PackageJson): string | null {
  return ['heroku-postbuild', 'build'].find((name) => scripts.has(name)) ?? null;
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

const hasDependencies = ({ packageJson, workspaces }: NodeApp): boolean =>
  workspaces.length > 0 || packageJson.dependencies.size + packageJson.devDependencies.size > 0;

function notesOf(app: NodeApp): string[] {
  const { manager, workspaces } = app;
  const installs = hasDependencies(app) ? `Using ${manager.because}` : 'package.json names no dependencies';
  return workspaces.length === 0
    ? [installs]
    : [installs, `Workspaces: ${workspaces.map(({ path }) => path).join(', ')}`];
}

function warningsOf(app: NodeApp): string[] {
  if (app.manager.lockFile !== null || !hasDependencies(app)) return [];
  return [
    'No lock file: the versions of the dependencies may differ from build to build. Commit package-lock.json, yarn.lock, pnpm-lock.yaml or bun.lock.',
  ];
}
