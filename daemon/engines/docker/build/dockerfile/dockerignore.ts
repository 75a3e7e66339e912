import { IgnorePattern } from './ignore-pattern.js';

/**
 * A .dockerignore as Docker reads it, which is not .gitignore's grammar: patterns begin at the context's root, the last that
 * matches a path or a folder above it decides, and a `!` line takes back what lines above it left out.
 */
export class Dockerignore {
  private readonly rules: readonly Rule[];
  /** May something inside an ignored folder be taken back? */
  readonly hasExceptions: boolean;

  /** Throws IgnoreSyntax for a pattern that Docker refuses. */
  constructor(text: string) {
    this.rules = text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .flatMap((line, index) => ruleOf(line, index + 1));
    this.hasExceptions = this.rules.some(({ exception }) => exception);
  }

  /** The path is relative to the context's root, with `/` between its parts. */
  ignores(path: string): boolean {
    let ignored = false;
    for (const { exception, pattern } of this.rules) {
      // A rule that would change nothing is not asked.
      if (exception === ignored && pattern.matches(path)) ignored = !exception;
    }
    return ignored;
  }
}

/** A .dockerignore that Docker would refuse too. */
export class IgnoreSyntax extends Error {
  override readonly name = 'IgnoreSyntax';
  constructor(readonly line: number) {
    super(`line ${line} is not a pattern`);
  }
}

interface Rule {
  readonly exception: boolean;
  readonly pattern: IgnorePattern;
}

function ruleOf(written: string, line: number): Rule[] {
  if (written.startsWith('#')) return [];
  const trimmed = written.trim();
  const exception = trimmed.startsWith('!');
  const pattern = cleaned((exception ? trimmed.slice(1) : trimmed).trim());
  if (trimmed === '' || (pattern === '.' && !exception)) return [];
  if (trimmed === '!') throw new IgnoreSyntax(line);
  try {
    return [{ exception, pattern: new IgnorePattern(pattern) }];
  } catch {
    throw new IgnoreSyntax(line);
  }
}

/** Go's filepath.Clean, and without the `/` in front: nothing lies outside of the context. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/') || '.';
}
