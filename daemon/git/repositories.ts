import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file.js';
import { codeOf } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { Git } from './program.js';
import { hookScript, settingsFile, type GitPlaces } from './settings.js';

/** An archive is what a checkout would be: what `.gitattributes` leaves out of archives is source as well. */
const ATTRIBUTES = '* -export-ignore -export-subst\n';

/** One bare repository an app, under the app's id: it stays the same when the app is renamed. */
export class Repositories {
  constructor(
    private readonly places: GitPlaces,
    private readonly git: Git,
  ) {}

  /** Once at a start of tfkd: settings, the hook, no leftovers of pushes, and no repository of an app that is gone. */
  async prepare(appIds: ReadonlySet<string>, program: Parameters<typeof hookScript>[0]): Promise<void> {
    const { settings, hooks, repositories } = this.places;
    for (const folder of [hooks, repositories]) await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(settings, settingsFile(this.places));
    await writeFileAtomic(join(hooks, 'pre-receive'), hookScript(program), 0o700);
    for (const name of await readdir(repositories)) {
      const repository = join(repositories, name);
      if (appIds.has(name.replace(/\.git$/, ''))) await removeLeftovers(repository);
      else await rm(repository, { recursive: true, force: true });
    }
  }

  /** Makes the app's repository where there is none yet, whole or not at all. */
  async ensure(appId: string): Promise<void> {
    const target = this.pathOf(appId);
    if (await isFolder(target)) return;
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
}

/**
 * What a push leaves that was cut off by the end of tfkd or of the machine: its quarantine, and locks of branches that git would
 * wait for ever to be free. Should its git still run, its push is refused; nothing of it was accepted.
 */
async function removeLeftovers(repository: string): Promise<void> {
  const objects = join(repository, 'objects');
  const quarantines = (await namesIn(objects)).filter((name) => /^(tmp_objdir-)?incoming-/.test(name));
  const locks = [
    ...(await namesIn(repository)),
    ...(await readdir(join(repository, 'refs'), { recursive: true }).catch(() => [])).map((path) =>
      join('refs', path),
    ),
  ].filter((path) => path.endsWith('.lock'));
  for (const path of [...quarantines.map((name) => join('objects', name)), ...locks]) {
    await rm(join(repository, path), { recursive: true, force: true });
  }
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
