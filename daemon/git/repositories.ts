import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file.js';
import { codeOf } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Git } from './program.js';
import { hookScript, settingsFile, type GitPlaces } from './settings.js';

/** Longer than any push can take: what is older in a quarantine was left by one that was killed. */
const QUARANTINE_AGE_MS = 6 * 60 * 60_000;

/** An archive is what a checkout would be: what `.gitattributes` leaves out of archives is source as well. */
const ATTRIBUTES = '* -export-ignore -export-subst\n';

/** One bare repository an app, under the app's id: it stays the same when the app is renamed. */
export class Repositories {
  constructor(
    private readonly places: GitPlaces,
    private readonly git: Git,
  ) {}

  /** Once at a start of tfkd: settings, the hook, and no repository of an app that is gone. */
  async prepare(appIds: ReadonlySet<string>, program: Parameters<typeof hookScript>[0]): Promise<void> {
    const { settings, hooks, repositories } = this.places;
    for (const folder of [hooks, repositories]) await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(settings, settingsFile(this.places));
    await writeFileAtomic(join(hooks, 'pre-receive'), hookScript(program), 0o700);
    for (const name of await readdir(repositories)) {
      if (!appIds.has(name.replace(/\.git$/, ''))) {
        await rm(join(repositories, name), { recursive: true, force: true });
      }
    }
  }

  /** Makes the app's repository where there is none yet, whole or not at all. */
  async ensure(appId: string, now: number): Promise<void> {
    const target = this.pathOf(appId);
    if (await isFolder(target)) return this.sweep(target, now);
    const fresh = join(this.places.repositories, `${newId()}.tmp`);
    try {
      await this.git.run('init', '--bare', '--quiet', '--template=', fresh);
      await mkdir(join(fresh, 'info'), { recursive: true });
      await writeFile(join(fresh, 'info', 'attributes'), ATTRIBUTES);
      await chmod(fresh, 0o700);
      await rename(fresh, target);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      // Another request was first.
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
  }

  /** HEAD names the branch that deploys, so that a clone checks it out: `main`, or `master` where only that was pushed. */
  async settleHead(appId: string): Promise<void> {
    const git = (...args: string[]) => ['--git-dir', this.pathOf(appId), ...args];
    const has = (branch: string) =>
      this.git.asks(...git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`));
    const branch = !(await has('main')) && (await has('master')) ? 'master' : 'main';
    await this.git.run(...git('symbolic-ref', 'HEAD', `refs/heads/${branch}`));
  }

  async remove(appId: string): Promise<void> {
    await rm(this.pathOf(appId), { recursive: true, force: true });
  }

  private pathOf(appId: string): string {
    if (!/^[0-9a-f-]{36}$/.test(appId)) throw new Error('not the id of an app');
    return join(this.places.repositories, `${appId}.git`);
  }

  /** git removes a push's quarantine itself, unless it is killed outright. */
  private async sweep(repository: string, now: number): Promise<void> {
    const objects = join(repository, 'objects');
    for (const name of await readdir(objects)) {
      if (!/^(tmp_objdir-)?incoming-/.test(name)) continue;
      const found = await stat(join(objects, name)).catch(() => null);
      if (found && now - found.mtimeMs > QUARANTINE_AGE_MS) {
        await rm(join(objects, name), { recursive: true, force: true });
      }
    }
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
