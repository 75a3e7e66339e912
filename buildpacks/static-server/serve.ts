import { readdirSync, readFileSync } from 'node:fs';
import type { SiteSettings } from './settings.js';
export { finishedSite, folderOfSite } from './folders.js';
export { plainSite, type SiteSettings } from './settings.js';
export { readStaticJson } from './static-json.js';

const FOLDER = '.tfk/static-server';
const PROGRAM = new URL('program/', import.meta.url);

/** The command by which dynos serve a site; a Procfile may name it as well. */
export const SERVE = `node ${FOLDER}/main.mjs`;

/** The files of a plan that make SERVE serve this site: tfk's own small server, and what it is told. */
export function serverFiles(site: SiteSettings): Readonly<Record<string, string>> {
  const files = readdirSync(PROGRAM).map((name): [string, string] => {
    return [`${FOLDER}/${name}`, readFileSync(new URL(name, PROGRAM), 'utf8')];
  });
  return Object.fromEntries([...files, [`${FOLDER}/settings.json`, `${JSON.stringify(site, null, 2)}\n`]]);
}
