import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Holds a part of a document, between `<!-- name: … -->` and `<!-- end of name -->`, against what the tests saw. With
 * TFK_TEST_UPDATE_DOCS=1 it is written anew.
 *
 * @param file from the project's root, e.g. `docs/heroku-compatibility.md`
 * @throws Error where the document says something else
 */
export function holdDocument(file: string, name: string, text: string): void {
  const place = new URL(`../../${file}`, import.meta.url);
  const document = readFileSync(place, 'utf8');
  const updated = replaceBetween(document, { begin: `<!-- ${name}:`, end: `<!-- end of ${name} -->` }, text);
  if (process.env['TFK_TEST_UPDATE_DOCS'] === '1') writeFileSync(place, updated);
  else if (squeeze(updated) !== squeeze(document))
    throw new Error(`${file} (${name}) is not what the tests saw: TFK_TEST_UPDATE_DOCS=1 writes it anew.`);
}

/** Prettier aligns tables. */
const squeeze = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

function replaceBetween(document: string, marks: { begin: string; end: string }, text: string): string {
  const from = document.indexOf('-->', document.indexOf(marks.begin)) + '-->'.length;
  const to = document.indexOf(marks.end);
  if (!document.includes(marks.begin) || to < from)
    throw new Error(`The document has lost its mark ${marks.begin}`);
  return `${document.slice(0, from)}\n\n${text}\n\n${document.slice(to)}`;
}
