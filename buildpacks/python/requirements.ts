import { posix } from 'node:path';
import { PlanError } from '../planner.js';
import type { SourceTree } from '../source.js';
import { namesOf } from './names.js';
import { isFolderUrl } from './places.js';

/** What pip is told by a requirements file and by those which that names. */
export interface Requirements {
  /** The files, the first one first. */
  readonly files: readonly string[];
  readonly names: readonly string[];
  /** Do they name anything else of the source: packages, folders of wheels? */
  readonly local: boolean;
  /** Environment variables that they name as `${NAME}`. */
  readonly variables: readonly string[];
}

const MOST_FILES = 200;

export function readRequirements(source: SourceTree, first: string): Requirements {
  const files = new Set([first]);
  const lines: string[] = [];
  // A set is walked to its end, with what is added on the way.
  for (const file of files) {
    if (files.size > MOST_FILES)
      throw new PlanError(`${first} names more than ${MOST_FILES} requirements files, one by another.`);
    for (const line of linesOf(source, file)) {
      const named = /^(?:-[rc]\s*|--(?:requirement|constraint)[\s=]\s*)["']?([^"'\s]+)/.exec(line)?.[1];
      if (named === undefined) lines.push(line);
      else if (!named.includes('://')) files.add(inSource(source, file, named));
    }
  }
  const variables = lines.flatMap((line) =>
    [...line.matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name = '']) => name),
  );
  return {
    files: [...files],
    names: lines.flatMap(namesOf),
    local: lines.some(isLocal),
    variables: [...new Set(variables)],
  };
}

/** pip's own reading: a `\` at the end of a line joins it with the next, a comment begins with `#` after a blank. */
function linesOf(source: SourceTree, file: string): string[] {
  const text = source.read(file);
  if (text === null) throw new PlanError(`${file} is not a regular file of at most 1 MiB.`);
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => withoutComment(line).trim())
    .filter((line) => line !== '');
}

function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

function inSource(source: SourceTree, file: string, named: string): string {
  const path = posix.join(posix.dirname(file), named);
  if (!path.startsWith('../') && source.has(path)) return path;
  throw new PlanError(
    `${file} names ${named}, which the source does not hold.`,
    `Add it, or take it out of ${file}.`,
  );
}

/** Options that name a package, wheels or an index by its folder or its address. */
const PLACES =
  /^(?:-e|--editable|-f|--find-links|-i|--index-url|--pypi-url|--extra-index-url)[\s=]*["']?(.*)$/;

function isLocal(line: string): boolean {
  const place = PLACES.exec(line)?.[1];
  if (place !== undefined) return isFolderUrl(place);
  const what = line.replace(/^[\w.[\],-]+\s*@\s*/, '');
  if (/^file:/.test(what)) return true;
  const [path = ''] = what.split(/[\s;]/);
  return (
    !path.startsWith('-') &&
    !path.includes('://') &&
    (path === '.' || /[/\\]|\.(?:whl|zip|tgz|tar\.\w+)$|^\.\[/.test(path))
  );
}
