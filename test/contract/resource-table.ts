import { holdDocument } from '../support/document.js';
import type { SchemaLink } from './heroku-schema.js';

/** What a link of Heroku's schema is answered with: null where it works, else the words of the refusal. */
export type LinkVerdict = SchemaLink & { readonly refusal: string | null };

/** Holds the table of resources in docs/heroku-compatibility.md against what the API answered. */
export function checkResourceTable(verdicts: readonly LinkVerdict[]): void {
  const resources = [...new Set(verdicts.map(({ resource }) => resource))].sort();
  const rows = resources.map((resource) => {
    const links = verdicts.filter((link) => link.resource === resource);
    const works = links.filter(({ refusal }) => refusal === null).map(({ title }) => title);
    return `| ${resource} | ${works.join(', ')} | ${refusals(links)} |`;
  });
  const head = ['| resource | works | is answered |', '| --- | --- | --- |'];
  holdDocument('docs/heroku-compatibility.md', 'resources', [...head, ...rows].join('\n'));
}

/** Each answer once, behind the verbs that get it; all of a resource's verbs are not named. */
function refusals(links: readonly LinkVerdict[]): string {
  const refused = links.filter(({ refusal }) => refusal !== null);
  const texts = [...new Set(refused.map(({ refusal }) => refusal ?? ''))];
  return texts
    .map((text) => {
      const titles = refused.filter(({ refusal }) => refusal === text).map(({ title }) => title);
      return titles.length === links.length ? text : `${titles.join(', ')}: ${text}`;
    })
    .join('<br>');
}
