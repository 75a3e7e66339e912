import { readFileSync } from 'node:fs';
import { holdDocument } from '../support/document.js';
import { INSTEAD } from './commands.js';

const MANIFEST = new URL('node_modules/heroku/oclif.manifest.json', import.meta.url);

/** Before the name of a command which this machine has not what it needs for. */
export const UNTRIED = '?';

/**
 * Holds the table of commands in docs/heroku-compatibility.md against what the tests saw.
 *
 * @param worked names of commands that did what they should, as typed; with a `?` those that this machine cannot try, whose
 *   row stands as it is
 * @throws Error where a command is neither seen to work nor explained, or both, or where the document says something else
 */
export function checkCommandTable(worked: readonly string[]): void {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as {
    commands: Record<string, { id: string; hidden?: boolean; aliases: string[] }>;
  };
  const commands = Object.values(manifest.commands).filter(({ hidden }) => hidden !== true);
  const idOf = (typed: string): string =>
    commands.find(({ aliases }) => aliases.includes(typed))?.id ?? typed;
  const seen = new Set(worked.map((typed) => idOf(typed.replace(UNTRIED, ''))));
  const verdicts = commands.map(({ id }) => [id, verdictOf(id, seen.has(id))] as const).sort();
  const unexplained = verdicts.filter(([, verdict]) => verdict === null).map(([id]) => id);
  if (unexplained.length > 0)
    throw new Error(
      `Neither seen to work, nor explained in test/clients/commands.ts: ${unexplained.join(', ')}`,
    );
  const rows = verdicts.map(([id, verdict]) => `| \`${id}\` | ${verdict ?? ''} |`);
  holdDocument(
    'docs/heroku-compatibility.md',
    'commands',
    ['| command | against tfk |', '| --- | --- |', ...rows].join('\n'),
  );
}

function verdictOf(id: string, works: boolean): string | null {
  const reason = Object.entries(INSTEAD).find(([, patterns]) =>
    patterns.some((pattern) => matches(id, pattern)),
  )?.[0];
  if (works && reason !== undefined)
    throw new Error(`${id} works, and test/clients/commands.ts says it does not: ${reason}`);
  return works ? 'works' : (reason ?? null);
}

const matches = (id: string, pattern: string): boolean =>
  pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
