import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.js';
import { TfkError, codeOf } from '../../../shared/errors.js';
import { unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import { LABEL, type Names } from '../names.js';

/** An app that was not built for so long, and has no slug, downloads anew. */
const KEPT_MS = 30 * 24 * 60 * 60_000;

/** No app's id has a dot. */
const SALT = '.salt';

/** The volumes that tools keep downloads in between an app's builds, when each app's were last used, and by what salt. */
export class Caches {
  private readonly folder: string;

  constructor(
    private readonly parts: {
      readonly client: DockerClient;
      readonly names: Names;
      readonly clock: Clock;
      /** `$TFK_HOME` */
      readonly home: string;
    },
  ) {
    this.folder = join(parts.home, 'cache', 'docker');
  }

  async used(appId: string): Promise<void> {
    const now = new Date(this.parts.clock.now());
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeFile(this.markOf(appId), '');
    await utimes(this.markOf(appId), now, now);
  }

  /** Part of all keys by which an app's layers and slugs are found; another after a purge, so that all is built anew. */
  async saltOf(appId: string): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = `${this.markOf(appId)}${SALT}`;
    // The first of two at once decides.
    const salt = randomBytes(16).toString('hex');
    try {
      await writeFile(path, salt, { flag: 'wx', mode: 0o600 });
      return `${appId} ${salt}`;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return `${appId} ${await readFile(path, 'utf8')}`;
    }
  }

  /** Removes all of an app. Rejects while a build uses them. */
  async purge(appId: string): Promise<void> {
    await rm(`${this.markOf(appId)}${SALT}`, { force: true });
    const removed = await this.removeWhere((app) => app === appId);
    if (!removed) {
      throw new TfkError(
        'conflict',
        'A build of the app is using its caches; nothing was removed of those.',
        {
          hint: 'Try again when the build has ended.',
        },
      );
    }
    await rm(this.markOf(appId), { force: true });
  }

  /** Removes those of apps that have no slug and were not built for long. */
  async collect(appsWithSlugs: ReadonlySet<string>): Promise<void> {
    const now = this.parts.clock.now();
    const idle = new Set<string>();
    for (const appId of await this.apps()) {
      if (appsWithSlugs.has(appId)) continue;
      const mark = await stat(this.markOf(appId)).catch(() => null);
      if (mark === null) await this.used(appId);
      else if (now - mark.mtimeMs > KEPT_MS) idle.add(appId);
    }
    if (idle.size > 0) await this.removeWhere((app) => idle.has(app));
    await this.forgetMarks(appsWithSlugs);
  }

  /** False where one is in use. */
  private async removeWhere(wanted: (appId: string) => boolean): Promise<boolean> {
    const docker = await this.parts.client.api();
    let all = true;
    for (const { name, appId } of await this.volumes()) {
      if (!wanted(appId)) continue;
      const removed = await unless(
        [409],
        docker
          .getVolume(name)
          .remove()
          .then(() => true),
      );
      all &&= removed === true;
    }
    return all;
  }

  private async forgetMarks(appsWithSlugs: ReadonlySet<string>): Promise<void> {
    const apps = await this.apps();
    for (const name of await readdir(this.folder).catch(() => [])) {
      const appId = name.endsWith(SALT) ? name.slice(0, -SALT.length) : name;
      if (!apps.has(appId) && !appsWithSlugs.has(appId)) await rm(join(this.folder, name), { force: true });
    }
  }

  private async apps(): Promise<Set<string>> {
    return new Set((await this.volumes()).map(({ appId }) => appId));
  }

  private async volumes(): Promise<{ readonly name: string; readonly appId: string }[]> {
    const docker = await this.parts.client.api();
    const filters = { label: this.parts.names.filter('cache') };
    const { Volumes } = await docker.listVolumes({ filters });
    return Volumes.map(({ Name, Labels }) => ({ name: Name, appId: Labels[LABEL.app] ?? '' }));
  }

  private markOf(appId: string): string {
    if (/^[A-Za-z0-9_-]{1,64}$/.test(appId)) return join(this.folder, appId);
    throw new Error(`not fit for a file name: ${JSON.stringify(appId)}`);
  }
}
