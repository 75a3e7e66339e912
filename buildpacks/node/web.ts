import { plainSite, readStaticJson, SERVE, serverFiles } from '../static-server/serve.js';
import { toolOf } from './commands.js';
import type { NodeApp } from './node-app.js';
import { packageIn, siteOf, startsForDevelopers } from './sites.js';
import { startWarnings } from './start-script.js';

/** What answers requests where the Procfile does not say. */
export interface Web {
  readonly command: string | null;
  readonly note: string | null;
  /** Is it a website, which needs nothing but its files? */
  readonly site: boolean;
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** The script `start`, a website, or the server of a framework: the first that there is. */
export function webOf(app: NodeApp): Web {
  const { packageJson, source, procfile } = app;
  const web = procfile['web'];
  const named = web?.includes(SERVE) ?? false;
  if (web !== undefined && !named)
    return STARTS.test(web) ? { ...NO_WEB, warnings: startWarnings(app) } : NO_WEB;
  const starts = packageJson.scripts.has('start') && !startsForDevelopers(packageJson);
  if ((starts || source.has('server.js')) && !named)
    return { ...NO_WEB, command: 'npm start', warnings: startWarnings(app) };
  return websiteOf(app) ?? serverOf(app) ?? { ...NO_WEB, ...startedAnyway(app) };
}

/** A line of the Procfile that leaves it to package.json. */
const STARTS = /^(?:npm|yarn|pnpm)(?: run)? start$/;

export const NO_WEB: Web = { command: null, note: null, site: false, files: {}, warnings: [] };

function websiteOf({ source, packageJson }: NodeApp): Web | null {
  const found = siteOf(source, packageJson);
  const staticJson = readStaticJson(source);
  if (found === null && !source.has('static.json')) return null;
  const site = found?.settings ?? null;
  const root = staticJson.root ?? site?.root ?? 'public_html';
  const plain = site ?? plainSite(root);
  return {
    command: SERVE,
    note: `Serving ${root === '.' ? 'index.html' : `${root}/`}, ${found?.label ?? 'as static.json says'}`,
    site: true,
    files: serverFiles(staticJson.over({ ...plain, root })),
    warnings: staticJson.warnings,
  };
}

/** Frameworks whose build is a server: package → how it is started, and where its build is looked for. */
const FRAMEWORKS: readonly (readonly [name: string, label: string, command: string])[] = [
  ['next', 'Next.js', 'next start -p $PORT'],
  ['nuxt', 'Nuxt', 'node .output/server/index.mjs'],
  ['@remix-run/serve', 'Remix', 'remix-serve ./build/server/index.js'],
  ['@react-router/serve', 'React Router', 'react-router-serve ./build/server/index.js'],
  ['@sveltejs/adapter-node', 'SvelteKit', 'node build'],
  ['@astrojs/node', 'Astro', 'HOST=0.0.0.0 node ./dist/server/entry.mjs'],
];

function serverOf({ packageJson }: NodeApp): Web | null {
  const has = packageIn(packageJson);
  const [name, label, command] = FRAMEWORKS.find(([candidate]) => has(candidate)) ?? [];
  if (name === undefined || label === undefined || command === undefined) {
    if (!has('@sveltejs/adapter-auto')) return null;
    const warning =
      'SvelteKit’s adapter-auto does not know tfk: depend on @sveltejs/adapter-node, or on adapter-static.';
    return { ...NO_WEB, warnings: [warning] };
  }
  const pruned =
    packageJson.dependencies.has(name) || !/^(next|remix-serve|react-router-serve) /.test(command);
  const warnings = pruned
    ? []
    : [`${name} starts the app, and is a development dependency: move it to dependencies.`];
  return { ...NO_WEB, command, note: `${label} starts by \`${command}\``, warnings };
}

/** A start script that is meant for developers is better than nothing; of workspaces none is better than another. */
function startedAnyway({ packageJson, workspaces, procfile, manager }: NodeApp): Partial<Web> {
  if (packageJson.scripts.has('start')) return { command: 'npm start' };
  const startable = workspaces.filter((workspace) => workspace.packageJson.scripts.has('start'));
  const [first] = startable;
  if (!first || Object.keys(procfile).length > 0) return {};
  const paths = startable.map(({ path }) => path).join(', ');
  const line =
    toolOf(manager) === 'yarn' && first.packageJson.name !== null
      ? `yarn workspace ${first.packageJson.name} start`
      : `npm start --workspace ${first.path}`;
  const example = toolOf(manager) === 'pnpm' ? `cd ${first.path} && npm start` : line;
  return {
    warnings: [
      `Workspaces with a start script: ${paths}. A Procfile says which runs, e.g. \`web: ${example}\`.`,
    ],
  };
}
