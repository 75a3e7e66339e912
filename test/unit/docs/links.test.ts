import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, inlineCode, ourDocuments, root, textOf } from './support.js';

interface Link {
  readonly document: string;
  readonly target: string;
}

function linksOf(document: string): Link[] {
  const prose = textOf(document)
    .replace(/^\s*```[\s\S]*?^\s*```/gm, '')
    .replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ document, target: match[1] ?? '' }));
}

const isRelative = ({ target }: Link): boolean => !/^[a-z][a-z+.-]*:/i.test(target);

/** The anchor that a heading gets, as forges make it. */
function anchorsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isDead({ document, target }: Link): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : posix.join(posix.dirname(document), path);
  if (!existsSync(`${root}${file}`)) return true;
  return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
}

const FOLDERS = /^(?:api|buildpacks|cli|daemon|docs|examples|test|bench|\.ci)\//;
/** `daemon/main.ts`, `test/contract/`; not `cli/commands/<topic>.ts`, which stands for many. */
const isPath = (code: string): boolean => FOLDERS.test(code) && !/[<>*${}\s…|]/.test(code);

describe('the documents', () => {
  it('are found', () => {
    expect(documents()).toEqual(
      expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/architecture.md', 'docs/errors.md']),
    );
  });

  it('have no dead link', () => {
    expect(documents().flatMap(linksOf).filter(isRelative).filter(isDead)).toEqual([]);
  });

  it('name no file that is not there', () => {
    const missing = ourDocuments().flatMap((document) =>
      inlineCode(textOf(document))
        .filter(isPath)
        .map((path) => path.replace(/:\d+$/, ''))
        .filter((path) => !existsSync(`${root}${path}`))
        .map((path) => ({ document, path })),
    );
    expect(missing).toEqual([]);
  });
});
