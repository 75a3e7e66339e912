import { execFile, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';

const run = promisify(execFile);

/** Letters of a commit's message that are kept. */
const LONGEST_MESSAGE = 4000;
const LISTING_BYTES = 64 * 1024 * 1024;

/**
 * The repository that a hook is started in. git has set its environment, with the quarantine in which the pushed objects wait
 * to be accepted; it is handed on as it is.
 */
export const repository = {
  /** The branch that a clone checks out. */
  async head(): Promise<string> {
    return (await git('symbolic-ref', 'HEAD')).trim();
  },

  /** What the reference names now; null where there is none. */
  async value(ref: string): Promise<string | null> {
    return git('rev-parse', '--verify', '--quiet', ref).then(
      (text) => text.trim(),
      () => null,
    );
  },

  async isCommit(id: string): Promise<boolean> {
    return (await git('cat-file', '-t', id)).trim() === 'commit';
  },

  async message(commit: string): Promise<string> {
    return (await git('log', '-1', '--format=%B', commit, '--')).trim().slice(0, LONGEST_MESSAGE);
  },

  /** Paths at which another repository is to be. */
  async submodules(commit: string): Promise<string[]> {
    const entries = (await git('ls-tree', '-r', '-z', commit)).split('\0');
    return entries
      .filter((entry) => entry.startsWith('160000 '))
      .map((entry) => entry.replace(/^[^\t]*\t/, ''));
  },

  /** The commit's files as a .tar.gz. Fails as a stream where git does. */
  archive(commit: string): Readable {
    // The tree, not the commit: the archive then begins with a file, not with a comment.
    const child = spawn('git', ['archive', '--format=tar', `${commit}^{tree}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const zipped = createGzip({ level: 1 });
    child.once('error', (error) => zipped.destroy(error));
    child.stdout.on('error', (error) => zipped.destroy(error));
    zipped.once('close', () => child.kill());
    // Its end is told only when git has ended well: half a tree must not look like a whole one.
    child.stdout.pipe(zipped, { end: false });
    child.once('close', (code) => {
      if (code === 0) zipped.end();
      else zipped.destroy(new Error(`git archive ended with ${code ?? 'a signal'}`));
    });
    return zipped;
  },
};

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { encoding: 'utf8', maxBuffer: LISTING_BYTES });
  return stdout;
}
