import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon } from '../../api/addons.js';
import type { Backup, CreatedBackup } from '../../api/backups.js';
import { resolveAddon } from '../addons.js';
import { tfkPathOfApp, type Context } from '../context.js';
import { codeOf, messageOf, UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';

const POLL_MS = 500;

export const backupsPath = (app: string): string => `${tfkPathOfApp(app)}/backups`;
export const backupPath = (app: string, name: string): string =>
  `${backupsPath(app)}/${encodeURIComponent(name)}`;

/** By attachment, config var or name; else the one attached as DATABASE. */
export const databaseAddon = (context: Context, name: string | undefined, app: string): Promise<Addon> =>
  resolveAddon(context, name ?? 'DATABASE', app);

/** Asks until it has ended. tfkd goes on when nobody asks. */
export async function settled<T extends { readonly finished_at: string | null }>(
  { client }: Context,
  path: string,
): Promise<T> {
  for (;;) {
    const now = await client.get<T>(path);
    if (now.finished_at !== null) return now;
    await sleep(POLL_MS);
  }
}

/** The newest that can be restored. */
export async function latestBackup({ client }: Context, app: string): Promise<Backup> {
  const backups = await client.list<Backup>(backupsPath(app));
  const good = backups.filter(({ state }) => state === 'verified' || state === 'unverified');
  const latest = good.sort((one, other) => other.name.localeCompare(one.name, 'en', { numeric: true }))[0];
  if (latest) return latest;
  throw new UserError(`${visible(app)} has no backup.`, {
    hint: `Type: tfk pg:backups:capture -a ${visible(app)}`,
  });
}

/** Writes the backup's file whole or not at all, and only where it is what tfkd has noted. */
export async function download(context: Context, backup: Backup, target: string): Promise<void> {
  const partial = `${target}.partial`;
  const path = `${backupPath(backup.app.name, backup.id)}/content`;
  const hash = createHash('sha256');
  const digested = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    const content = await context.client.open('GET', path, { silence: 0 });
    await pipeline(content, digested, createWriteStream(partial, { mode: 0o600, flush: true }));
    if (hash.digest('hex') !== backup.sha256)
      throw new UserError('What came is not what was backed up: its SHA-256 is another. Nothing was kept.');
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw notWritten(target, error);
  }
}

function notWritten(target: string, error: unknown): unknown {
  const code = codeOf(error) ?? '';
  if (!['ENOSPC', 'EDQUOT', 'EACCES', 'ENOENT', 'EISDIR', 'EROFS'].includes(code)) return error;
  return new UserError(`${visible(target)} could not be written: ${messageOf(error)}. Nothing was kept.`);
}

/** A backup of somebody else's making, or from elsewhere, becomes one of the app's. */
export async function uploaded({ client }: Context, path: string, addon: Addon): Promise<Backup> {
  const app = addon.app.name;
  const made = await client.post<CreatedBackup>(backupsPath(app), { addon: addon.id, upload: true });
  await client.upload(made.put_url ?? '', createReadStream(path));
  return client.get<Backup>(backupPath(app, made.id));
}

export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
