import { describe, expect, it } from 'vitest';
import { findCommand } from '../../../cli/catalogue.js';
import type { Definition } from '../../../cli/command.js';
import { documents, fencedLines, inlineCode, textOf } from './support.js';

interface Shown {
  readonly where: string;
  /** What follows `tfk`. */
  readonly words: readonly string[];
}

/** `tfk …` at the start of a line, behind a prompt, or after a pipe, semicolon or parenthesis. */
const COMMAND = /(?:^\s*(?:\$ )?|[|;&(]\s*)tfk((?:\s+[^|;&#)\n]*)?)/g;

function shownIn(text: string, where: string): Shown[] {
  return [...text.matchAll(COMMAND)].map((match) => ({
    where,
    words: (match[1] ?? '')
      .trim()
      .split(/\s+/)
      .filter((word) => word !== ''),
  }));
}

function commandsOf(document: string): Shown[] {
  const text = textOf(document);
  const fenced = fencedLines(text).flatMap((line) => shownIn(line.text, `${document}:${line.line}`));
  const inline = inlineCode(text)
    .filter((code) => /^tfk(\s|$)/.test(code))
    .flatMap((code) => shownIn(code, `${document}: ${code}`));
  return [...fenced, ...inline].filter(({ words }) => /^[a-z-]/.test(words[0] ?? ''));
}

/** Every command that is shown, and why it does not work: the word is none, or one of its options is none. */
async function complaint({ where, words }: Shown): Promise<string | null> {
  const [first = ''] = words;
  if (first === 'help' || first === '--help' || first === '--version') return null;
  const found = await findCommand(words);
  if (!found) return `${where}: tfk ${words.join(' ')}: no such command`;
  const unknown = optionsIn(found.rest, found.definition).filter(
    (option) => !flagsOf(found.definition).has(option),
  );
  return unknown.length === 0 ? null : `${where}: tfk ${words.join(' ')}: no option ${unknown.join(', ')}`;
}

/** What stands behind `--`, or behind the user's own command, is that command's. */
function optionsIn(rest: readonly string[], definition: Definition): string[] {
  const separator = rest.indexOf('--');
  const ours = separator === -1 ? rest : rest.slice(0, separator);
  const until = definition.passesUnknownOptions === true ? firstOwnWord(ours) : ours.length;
  return ours
    .slice(0, until)
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split('=')[0] ?? word);
}

function firstOwnWord(words: readonly string[]): number {
  const at = words.findIndex(
    (word, index) => !word.startsWith('-') && !/^-[a-z]$/.test(words[index - 1] ?? ''),
  );
  return at === -1 ? words.length : at;
}

const flagsOf = ({ options }: Definition): ReadonlySet<string> =>
  new Set([
    '-h',
    '--help',
    ...Object.values(options).flatMap(({ flags }) => flags.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []),
  ]);

describe('commands in the documents', () => {
  const shown = documents().flatMap(commandsOf);

  it('are found', () => {
    expect(shown.length).toBeGreaterThan(30);
  });

  it('are commands of the CLI, with options that they have', async () => {
    const complaints = await Promise.all(shown.map(complaint));
    expect(complaints.filter((text) => text !== null)).toEqual([]);
  });

  it('would be noticed if they were none', async () => {
    const lines = ['tfk nonsense', '$ tfk ps --nonsense', 'echo 1 | tfk pg:nonsense'];
    const wrong = lines.flatMap((line) => shownIn(line, 'here'));
    expect(wrong).toHaveLength(3);
    for (const each of wrong) expect(await complaint(each)).toMatch(/no such command|no option/);
  });
});
