import { anyVersionOf, planOn } from '../plan.js';
import type { Planner } from '../planner.js';
import type { SourceTree } from '../source.js';
import { finishedSite, folderOfSite, readStaticJson, SERVE, serverFiles } from '../static-server/serve.js';

/** A finished website, with nothing to build. */
export const staticPlanner: Planner = {
  name: 'static',
  looksFor: 'index.html, in the root or in public/, dist/ and the like, or static.json (a website)',
  buildpack: { name: 'heroku/static', description: 'Websites of files, served as static.json says' },
  // A source with a Procfile says itself what it runs, a website in it or not.
  detect: (source, { planners = [] }) =>
    source.has('static.json') ||
    ((planners.includes('static') || !source.has('Procfile')) && folderOfSite(source) !== null),
  plan(source) {
    const { root: named, over, warnings } = readStaticJson(source);
    const root = named ?? folderOfSite(source) ?? 'public_html';
    const site = over(finishedSite(root));
    return {
      ...planOn(anyVersionOf('node')),
      planner: 'static',
      label: 'Static',
      notes: [root === '.' ? 'Serving index.html and what lies beside it' : `Serving ${root}/`],
      warnings: [...warnings, ...(mayBeThere(root, source) ? [] : [missing(root)])],
      files: serverFiles(site),
      defaultProcessTypes: { web: SERVE },
    };
  },
};

/** Of a source with a package.json, the build may make it. */
const mayBeThere = (root: string, source: SourceTree): boolean =>
  root === '.' || source.has(root) || source.has('package.json');

const missing = (root: string): string =>
  `static.json: root: there is no folder ${root} in the source: the site will not start.`;
