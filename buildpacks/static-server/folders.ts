import type { SourceTree } from '../source.js';
import { plainSite, type SiteSettings } from './settings.js';

/** Where generators and people keep a finished site; Heroku's own name first. */
const FOLDERS = ['public_html', 'public', 'dist', 'build', '_site', 'out', 'site', 'www', 'htdocs'];

/** Beside an index.html in the root, these are the app's, and no visitor's business. */
const APP_FILES = [
  'Procfile',
  'app.json',
  'static.json',
  'heroku.yml',
  'Dockerfile',
  'package.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'node_modules',
];

/** The folder of a source that holds a website as it is; null where there is none. */
export function folderOfSite(source: SourceTree): string | null {
  if (source.has('index.html')) return '.';
  return FOLDERS.find((folder) => source.has(`${folder}/index.html`)) ?? null;
}

export const finishedSite = (root: string): SiteSettings => ({
  ...plainSite(root),
  hidden: root === '.' ? APP_FILES : [],
});
