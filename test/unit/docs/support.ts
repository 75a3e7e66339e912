import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.tfk']);

/** All files below a folder whose name ends so; paths relative to the root. */
export function filesOf(folder: string, ending: string): string[] {
  return readdirSync(`${root}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesOf(path, ending);
    return entry.isFile() && entry.name.endsWith(ending) ? [path] : [];
  });
}

export const documents = (): string[] => filesOf('', '.md');

/** The house's own documents: what they say about code is held against the code. */
export const ourDocuments = (): string[] =>
  documents().filter((path) => path.startsWith('docs/') || !path.includes('/'));

export const textOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The cells of all table rows whose first cell begins with a `code`; that code's text comes first. */
export function codeRows(document: string): string[][] {
  return document.split('\n').flatMap((line) => {
    const code = /^\| `([^`]+)`/.exec(line)?.[1];
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    return code === undefined ? [] : [[code, ...cells.slice(1)]];
  });
}

/** The text between a heading and the next one of its level or above. */
export function section(document: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const lines = document.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`no heading "${heading}"`);
  const length = lines.slice(start + 1).findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? 7) <= level);
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** Code that stands in fences: its lines, each with its number in the document. */
export function fencedLines(document: string): { readonly text: string; readonly line: number }[] {
  let inside = false;
  return document.split('\n').flatMap((text, index) => {
    if (!/^\s*```/.test(text)) return inside ? [{ text, line: index + 1 }] : [];
    inside = !inside;
    return [];
  });
}

/** `inline code`, outside of fences. */
export function inlineCode(document: string): string[] {
  const prose = document.replace(/^\s*```[\s\S]*?^\s*```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}
