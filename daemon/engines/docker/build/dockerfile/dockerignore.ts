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
    const parts = path.split('/');
    const withFolders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    let ignored = false;
    for (const { exception, pattern } of this.rules) {
      // A rule that would change nothing is not asked.
      if (exception === ignored && withFolders.some((folder) => pattern.test(folder))) ignored = !exception;
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
  readonly pattern: RegExp;
}

function ruleOf(written: string, line: number): Rule[] {
  if (written.startsWith('#')) return [];
  const trimmed = written.trim();
  const exception = trimmed.startsWith('!');
  const pattern = cleaned((exception ? trimmed.slice(1) : trimmed).trim());
  if (trimmed === '' || (pattern === '.' && !exception)) return [];
  if (trimmed === '!') throw new IgnoreSyntax(line);
  try {
    return [{ exception, pattern: new RegExp(`^${expressionOf(pattern)}$`, 's') }];
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

/** `**` is any number of folders, `*` and `?` stay inside a name, `[a-z]` and `\` are as in a shell. */
const TOKEN = /\*\*\/?|\*|\?|\[(?:\\.|[^\]\\])+\]|\\(.)|[^]/gsu;

function expressionOf(pattern: string): string {
  let expression = '';
  for (const { 0: token, 1: escaped, index } of pattern.matchAll(TOKEN)) {
    if (token.startsWith('**')) {
      expression += index + token.length === pattern.length ? '.*' : '(?:.*/)?';
    } else if (token === '*') expression += '[^/]*';
    else if (token === '?') expression += '[^/]';
    else if (token.length > 1 && token.startsWith('[')) expression += classOf(token);
    else if (token === '[' || token === '\\') throw new Error('an open pattern');
    else expression += literal(escaped ?? token);
  }
  return expression;
}

/** In a class only `^`, ranges and `\` have a meaning. */
const classOf = (token: string): string => `[${token.slice(1, -1).replaceAll('[', '\\[')}]`;

const literal = (text: string): string => text.replace(/[$()*+.?[\]\\^{|}/-]/g, '\\$&');
