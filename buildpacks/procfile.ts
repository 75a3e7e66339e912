import { PlanError } from './planner.js';
import type { SourceTree } from './source.js';

const MAX_BYTES = 64 * 1024;
const MAX_TYPES = 256;
const LINE = /^([A-Za-z0-9_-]{1,63}):[ \t]*(\S.*)$/;

/** Process types in the Procfile's order → their commands, which only a shell reads. */
export type ProcessTypes = Readonly<Record<string, string>>;

/** Is this name one that a Procfile can declare? `__proto__` is none: it would vanish in a plain object. */
export function isProcessType(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,63}$/.test(name) && name !== '__proto__';
}

/**
 * `type: command` a line; a line whose first visible character is `#` is a comment, a `#` further on belongs to the shell.
 * A BOM, CRLF and tabs are accepted. Throws a PlanError that names the line which is broken or declared twice.
 */
export function parseProcfile(text: string): ProcessTypes {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new PlanError('Procfile is over 64 KiB.');
  const declared = new Map<string, { command: string; line: number }>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const visible = line.trim();
    if (visible === '' || visible.startsWith('#')) continue;
    declare(declared, visible, index + 1);
  }
  return Object.fromEntries([...declared].map(([type, { command }]) => [type, command]));
}

/** The process types of a source; null where it has no Procfile. */
export function readProcfile(source: SourceTree): ProcessTypes | null {
  const text = source.read('Procfile');
  if (text !== null) return parseProcfile(text);
  if (!source.has('Procfile')) return null;
  throw new PlanError('Procfile is not a regular file of at most 64 KiB.');
}

function declare(declared: Map<string, { command: string; line: number }>, text: string, line: number): void {
  const [, type, command] = LINE.exec(text) ?? [];
  if (type === undefined || command === undefined || !isProcessType(type) || command.includes('\0')) {
    throw new PlanError(
      `Procfile line ${line} is not "type: command": ${shown(text)}`,
      'A type is up to 63 letters, digits, - and _, e.g. `web: node server.js`; comments start with #.',
    );
  }
  const first = declared.get(type);
  if (first) {
    throw new PlanError(`Procfile declares ${type} twice: in line ${first.line} and in line ${line}.`);
  }
  if (declared.size >= MAX_TYPES)
    throw new PlanError(`Procfile declares more than ${MAX_TYPES} process types.`);
  declared.set(type, { command, line });
}

/** A broken line is the user's bytes: nothing of it may steer a terminal. */
function shown(text: string): string {
  const clipped = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return JSON.stringify(clipped.replace(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '?'));
}
