import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type pg from 'pg';
import type { AddonBackups, AddonData, AddonInstance } from '../../addon.js';
import { differences, type Content } from '../../backups/content.js';
import { credentialsOf } from '../credentials.js';
import { databaseFacts } from '../facts.js';
import { answerOf } from '../login.js';
import { namesOf } from '../roles.js';
import { contentOf, lockTables } from './content.js';
import { asKeeper } from './keeper.js';
import { inLastSeconds } from './last-seconds.js';
import { cleanUp, dropScratch, isSwapped, makeScratch, swap } from './scratch.js';
import type { DumpTools } from './tools.js';

export interface PostgresBackupParts {
  readonly prepare: (addon: AddonInstance) => Promise<AddonData>;
  readonly toolsFor: (addon: AddonInstance) => Promise<DumpTools>;
}

/**
 * Dumps in pg_dump's own format. All is done by a role that is no superuser: what is in a dump is somebody's SQL, and is run as
 * the app's role.
 */
export class PostgresBackups implements AddonBackups {
  constructor(private readonly parts: PostgresBackupParts) {}

  async prepare(addon: AddonInstance): Promise<AddonData> {
    return this.parts.prepare(addon);
  }

  async answers(addon: AddonInstance): Promise<boolean> {
    return (await answerOf(credentialsOf(addon))) !== 'silent';
  }

  async sizeOf(addon: AddonInstance): Promise<number> {
    return (await databaseFacts(credentialsOf(addon))).bytes;
  }

  /** Rows are counted and digested in the very snapshot that is dumped, whatever is written meanwhile. */
  async capture(addon: AddonInstance, output: Writable, signal: AbortSignal): Promise<Content> {
    try {
      return await this.dumpInSnapshot(addon, output, signal);
    } catch (error) {
      // A pg_dump in a container goes on until its connection ends.
      await this.cleanUp(addon, signal).catch(() => undefined);
      throw error;
    }
  }

  private async dumpInSnapshot(
    addon: AddonInstance,
    output: Writable,
    signal: AbortSignal,
  ): Promise<Content> {
    const { database } = namesOf(addon.id);
    const tools = await this.parts.toolsFor(addon);
    const dump = async (client: pg.Client): Promise<Content> => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await lockTables(client);
      const [snapshot] = (await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id')).rows;
      const argv = [
        '--format=custom',
        `--snapshot=${snapshot?.id ?? ''}`,
        '--lock-wait-timeout=30s',
        '--no-password',
        `--dbname=${database}`,
      ];
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const [content] = await Promise.all([
        contentOf(client, either),
        tools.dump(argv, output, either),
      ]).catch((error: unknown) => {
        stop.abort();
        throw error;
      });
      return content;
    };
    return asKeeper(addon, database, dump, signal);
  }

  async prove(
    addon: AddonInstance,
    file: string,
    content: Content,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    try {
      return differences(content, await this.restoreBeside(addon, file, signal));
    } finally {
      await this.cleanUp(addon, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async restore(
    addon: AddonInstance,
    file: string,
    accept: (found: Content) => void,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const found = await this.restoreBeside(addon, file, signal);
      accept(found);
      signal.throwIfAborted();
      await inLastSeconds(signal, (limit) => swap(addon, limit));
    } catch (error) {
      // What answers no more may have been done.
      const swapped = await this.wasRestored(addon, signal).catch(() => null);
      if (swapped === true) return;
      // Where that is not known, what is left will tell.
      if (swapped === false) await this.cleanUp(addon, signal).catch(() => undefined);
      throw error;
    }
  }

  async wasRestored(addon: AddonInstance, signal: AbortSignal): Promise<boolean> {
    return inLastSeconds(signal, (limit) => isSwapped(addon, limit));
  }

  async cleanUp(addon: AddonInstance, signal: AbortSignal): Promise<void> {
    await inLastSeconds(signal, (limit) => cleanUp(addon, limit));
  }

  async dropUnfinished(addon: AddonInstance, signal: AbortSignal): Promise<void> {
    await inLastSeconds(signal, (limit) => dropScratch(addon, limit));
  }

  /** Into the scratch database; answers what is in it then. */
  private async restoreBeside(addon: AddonInstance, file: string, signal: AbortSignal): Promise<Content> {
    const { scratch, user } = namesOf(addon.id);
    const tools = await this.parts.toolsFor(addon);
    await cleanUp(addon, signal);
    await makeScratch(addon, signal);
    const argv = [
      '--exit-on-error',
      '--no-owner',
      '--no-acl',
      `--role=${user}`,
      '--no-password',
      `--dbname=${scratch}`,
    ];
    await tools.restore(argv, createReadStream(file), signal);
    return asKeeper(addon, scratch, (client) => contentOf(client, signal), signal);
  }
}
