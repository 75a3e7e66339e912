import { UsageError } from './errors.js';

/**
 * tfk's one grammar of `.env` text: `KEY=value` lines, `export ` allowed before, `#` comments. Values stand bare (up to a `#`
 * behind a blank), in single quotes (as they are), or in double quotes (which may span lines; \n \r \t \\ \" \$ are escapes).
 * Nothing is expanded, nothing malformed is passed over: UsageError names the line.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const reader = new Reader(text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'));
  const lineOf = new Map<string, number>();
  const values: Record<string, string> = {};
  for (let pair = reader.next(); pair !== null; pair = reader.next()) {
    const before = lineOf.get(pair.key);
    if (before !== undefined) throw wrong(pair.line, `${pair.key} is set in line ${before} already`);
    lineOf.set(pair.key, pair.line);
    values[pair.key] = pair.value;
  }
  return values;
}

/** Text that `parseEnvFile` reads back as these values. */
export function printEnvFile(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${printed(value)}\n`)
    .join('');
}

interface Pair {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

const PAIR = /^\s*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

class Reader {
  readonly #lines: string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  next(): Pair | null {
    for (; this.#at < this.#lines.length; this.#at++) {
      const content = this.#lines[this.#at] ?? '';
      if (/^\s*(#|$)/.test(content)) continue;
      const line = this.#at + 1;
      const [start, key] = PAIR.exec(content) ?? [];
      if (start === undefined || key === undefined) throw wrong(line, 'it is not KEY=value');
      const value = this.#value(content.slice(start.length), line);
      this.#at++;
      return { key, value, line };
    }
    return null;
  }

  #value(text: string, line: number): string {
    if (text.startsWith("'")) return this.#singleQuoted(text, line);
    if (text.startsWith('"')) return this.#doubleQuoted(text, line);
    return text.replace(/(^|\s)#.*$/, '').trimEnd();
  }

  #singleQuoted(text: string, line: number): string {
    const [, value, after] = /^'([^']*)'(.*)$/.exec(text) ?? [];
    if (value === undefined) throw wrong(line, "its ' has no end");
    mustBeComment(after ?? '', line);
    return value;
  }

  #doubleQuoted(text: string, line: number): string {
    let open = text;
    for (;;) {
      const [, value, after] = /^"((?:[^"\\]|\\.)*)"(.*)$/s.exec(open) ?? [];
      if (value !== undefined) {
        mustBeComment(after ?? '', line);
        return value.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
      }
      this.#at++;
      const more = this.#lines[this.#at];
      if (more === undefined) throw wrong(line, 'its " has no end');
      open += `\n${more}`;
    }
  }
}

function mustBeComment(text: string, line: number): void {
  if (!/^\s*(#.*)?$/s.test(text)) throw wrong(line, 'something follows the closing quote');
}

function wrong(line: number, what: string): UsageError {
  return new UsageError(`Line ${line} cannot be read: ${what}.`, 'Nothing was changed.');
}

function printed(value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return value;
  const escaped = value.replace(/[\\"$]/g, (character) => `\\${character}`).replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
