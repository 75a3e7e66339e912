import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as others } from 'node:timers/promises';
import tar from 'tar-fs';
import { pack } from 'tar-stream';
import { codeOf } from '../../../../shared/errors.js';
import { StepFailed } from '../../../build/step-failed.js';
import { Dockerignore, IgnoreSyntax } from './dockerignore.js';

export interface BuildContext {
  /** Absolute: what COPY and ADD read. */
  readonly folder: string;
  /** The Dockerfile's path in it. */
  readonly dockerfile: string;
}

/** The context as a tarball for the builder, with `text` in place of what the Dockerfile says. */
export async function contextTar(context: BuildContext, text: string): Promise<Readable> {
  const ignore = await ignoreOf(context);
  const entries = await kept(context, ignore);
  const archive = pack();
  archive.entry({ name: context.dockerfile, mode: 0o644 }, text);
  return tar.pack(context.folder, {
    pack: archive,
    entries,
    // The entries are listed one by one: none brings what lies below it.
    ignore: () => true,
    map: (header) => ({ ...header, ...NOBODYS, mode: modeOf(header) }),
  }) as unknown as Readable;
}

/** A tarball of nothing but a Dockerfile. */
export function loneDockerfile(text: string): Readable {
  const archive = pack();
  archive.entry({ name: 'Dockerfile' }, text);
  archive.finalize();
  return archive as unknown as Readable;
}

/** Files belong to root in the image, unless COPY says otherwise; who owned them here tells nothing. */
const NOBODYS = { uid: 0, gid: 0, uname: '', gname: '' };

function modeOf({
  type,
  mode = 0,
}: {
  readonly type?: string | null | undefined;
  readonly mode?: number | undefined;
}): number {
  return type === 'directory' || (mode & 0o111) !== 0 ? 0o755 : 0o644;
}

/** Each of its patterns is held against each path. */
const MOST_IGNORE_BYTES = 64 * 1024;
/** Between looks at what else there is to do. */
const PATHS_AT_ONCE = 100;

const refused = (message: string): StepFailed => new StepFailed({ ok: false, reason: 'command', message });

/** `Dockerfile.dockerignore` beside the Dockerfile, else the context's `.dockerignore`. */
async function ignoreOf({ folder, dockerfile }: BuildContext): Promise<Dockerignore> {
  for (const name of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await textOf(folder, name);
    if (text === null) continue;
    try {
      return new Dockerignore(text);
    } catch (error) {
      if (!(error instanceof IgnoreSyntax)) throw error;
      throw refused(`${name} ${error.message}.`);
    }
  }
  return new Dockerignore('');
}

/** Null where there is no such file; a link is followed nowhere. Rejects with StepFailed for a file that is no list of patterns. */
async function textOf(folder: string, name: string): Promise<string | null> {
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(folder, name), flags);
    try {
      const found = await file.stat();
      if (found.size > MOST_IGNORE_BYTES) throw refused(`${name} is larger than 64 KiB.`);
      return found.isFile() ? await file.readFile('utf8') : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return null;
    throw error;
  }
}

/** Folders before what lies in them. The Dockerfile is not among them: it is written anew. */
async function kept({ folder, dockerfile }: BuildContext, ignore: Dockerignore): Promise<string[]> {
  const entries: string[] = [];
  const folders = [''];
  let seen = 0;
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (++seen % PATHS_AT_ONCE === 0) await others();
      const ignored = ignore.ignores(path);
      if (entry.isDirectory() && (!ignored || ignore.hasExceptions)) folders.push(path);
      if (!ignored && path !== dockerfile) entries.push(path);
    }
  }
  return entries;
}
