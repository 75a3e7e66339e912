import type { SourceTree } from '../source.js';
import { finishedSite, folderOfSite, plainSite, type SiteSettings } from '../static-server/serve.js';
import type { PackageJson } from './package-json.js';

/** A tool whose build is a website of files. */
interface SiteTool {
  readonly label: string;
  readonly package: string;
  /** Where its build goes. */
  readonly folder: (source: SourceTree) => string;
  /** Folders in there whose file names change with their content. */
  readonly hashed: readonly string[];
  /** One page for all addresses? */
  readonly singlePage: boolean;
  /** Its server for developers, which templates call `start`. */
  readonly dev: RegExp;
}

const always = (folder: string) => () => folder;
const tool = (name: string, rest: Omit<SiteTool, 'package'>): SiteTool => ({ package: name, ...rest });

/** The special ones first: many are made of Vite. */
const TOOLS: readonly SiteTool[] = [
  tool('astro', {
    label: 'Astro',
    folder: (source) => configured(source, 'astro.config', 'outDir') ?? 'dist',
    hashed: ['_astro'],
    singlePage: false,
    dev: /^astro(\s+dev)?\b/,
  }),
  tool('gatsby', {
    label: 'Gatsby',
    folder: always('public'),
    hashed: ['static'],
    singlePage: false,
    dev: /^gatsby\s+develop\b/,
  }),
  tool('@docusaurus/core', {
    label: 'Docusaurus',
    folder: always('build'),
    hashed: ['assets'],
    singlePage: false,
    dev: /^docusaurus\s+start\b/,
  }),
  tool('@11ty/eleventy', {
    label: 'Eleventy',
    folder: always('_site'),
    hashed: [],
    singlePage: false,
    dev: /^(npx\s+(@11ty\/)?)?eleventy\s(?=.*--serve\b)/,
  }),
  tool('@sveltejs/adapter-static', {
    label: 'SvelteKit',
    folder: always('build'),
    hashed: ['_app/immutable'],
    singlePage: true,
    dev: /^vite\s+dev\b/,
  }),
  tool('react-scripts', {
    label: 'Create React App',
    folder: always('build'),
    hashed: ['static'],
    singlePage: true,
    dev: /\breact-scripts\s+start\b/,
  }),
  tool('@vue/cli-service', {
    label: 'Vue CLI',
    folder: always('dist'),
    hashed: [],
    singlePage: true,
    dev: /^vue-cli-service\s+serve\b/,
  }),
  tool('vite', {
    label: 'Vite',
    folder: (source) => configured(source, 'vite.config', 'outDir') ?? 'dist',
    hashed: ['assets'],
    singlePage: true,
    dev: /^vite(\s+(dev|serve))?(\s+-.*)?$/,
  }),
  tool('parcel', {
    label: 'Parcel',
    folder: always('dist'),
    hashed: [],
    singlePage: true,
    dev: /^parcel(\s+serve)?\s+(?!build)/,
  }),
];

/** A source with one of these has a server of its own, whatever builds its pages. */
const SERVERS = [
  'express',
  'fastify',
  'koa',
  'hono',
  '@hono/node-server',
  '@hapi/hapi',
  '@nestjs/core',
  '@remix-run/node',
  '@remix-run/serve',
  '@react-router/node',
  '@react-router/serve',
  '@sveltejs/adapter-node',
  '@sveltejs/adapter-auto',
  '@astrojs/node',
  '@tanstack/react-start',
  'nuxt',
  'next',
  'vinxi',
];

export interface Site {
  readonly label: string;
  readonly settings: SiteSettings;
}

/** The website that a source is built to, or is as it stands; null where it has a server. */
export function siteOf(source: SourceTree, packageJson: PackageJson): Site | null {
  const has = packageIn(packageJson);
  if (packageJson.scripts.has('build') || packageJson.scripts.has('heroku-postbuild'))
    return exported(source, packageJson) ?? (SERVERS.some(has) ? null : built(source, has));
  const folder = SERVERS.some(has) ? null : folderOfSite(source);
  return folder === null ? null : { label: 'a website', settings: finishedSite(folder) };
}

export const packageIn =
  ({ dependencies, devDependencies }: PackageJson) =>
  (name: string): boolean =>
    dependencies.has(name) || devDependencies.has(name);

/** Is the script `start` a tool's server for developers, which has no place in production? */
export function startsForDevelopers(packageJson: PackageJson): boolean {
  const start = packageJson.scripts.get('start')?.trim() ?? '';
  return TOOLS.some(({ package: name, dev }) => packageIn(packageJson)(name) && dev.test(start));
}

function built(source: SourceTree, has: (name: string) => boolean): Site | null {
  const found = TOOLS.find((candidate) => has(candidate.package));
  if (!found) return builtBefore(source);
  const fallback = found.singlePage ? 'index.html' : null;
  const settings = { ...plainSite(found.folder(source)), hashedFolders: found.hashed, fallback };
  return { label: `what ${found.label} builds`, settings };
}

/** Where tools put a website that they build; templates are elsewhere. */
const BUILT = ['dist', 'build', '_site', 'out'];

/** Of an unknown tool's website, where the source has its last build; with a Procfile it would say so itself. */
function builtBefore(source: SourceTree): Site | null {
  const folder = BUILT.find((candidate) => source.has(`${candidate}/index.html`));
  if (folder === undefined || source.has('Procfile')) return null;
  return { label: 'what its build leaves there', settings: plainSite(folder) };
}

/** Two frameworks with servers can also be asked for files only. */
function exported(source: SourceTree, packageJson: PackageJson): Site | null {
  const has = packageIn(packageJson);
  if (has('next') && configured(source, 'next.config', 'output') === 'export') {
    const settings = { ...plainSite('out'), hashedFolders: ['_next/static'], cleanUrls: true };
    return { label: 'what Next.js exports', settings };
  }
  if (has('nuxt') && /\bnuxi?t? generate\b/.test(packageJson.scripts.get('build') ?? '')) {
    const settings = { ...plainSite('.output/public'), hashedFolders: ['_nuxt'] };
    return { label: 'what Nuxt generates', settings };
  }
  return null;
}

/** A text that a config file sets by its name; what is computed there is not understood. */
function configured(source: SourceTree, file: string, name: string): string | null {
  const endings = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'];
  const text =
    endings.map((ending) => source.read(`${file}.${ending}`)).find((found) => found !== null) ?? '';
  const value = new RegExp(`^[^/*\\n]*\\b${name}:\\s*['"]([^'"\\n]+)['"]`, 'm').exec(text)?.[1];
  return value?.replace(/^\.\/|\/$/g, '') ?? null;
}
