import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClassicReference } from '../../../buildpacks/classic/reference.js';
import { codeOf } from '../../shared/errors.js';
import { NoSuchBuildpack, type Fetched, type Fetching } from './fetched.js';

const run = promisify(execFile);
type GitReference = ClassicReference & { readonly kind: 'git' };

export interface GitFetcherOptions {
  readonly path: string;
  /** CA bundle and proxy settings of the host. */
  readonly env: Readonly<Record<string, string>>;
  /** A file with git's settings: nothing of the user's own are read. */
  readonly settings: string;
}

/** In that file. A repository of this machine may be another user's. */
export const GIT_SETTINGS = `# Written by tfkd.
[safe]
	directory = *
[core]
	hooksPath = /dev/null
[fetch]
	unpackLimit = 1
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 30
`;

/** Ends a git whose files become larger than the limit: it knows none itself. */
const LIMITED = 'ulimit -f "$1"; shift; exec git "$@"';
/** The unit of that, by POSIX. */
const BLOCK = 512;

/** Buildpacks in git repositories: one commit of each, without history, taken as an archive, so that nothing is checked out. */
export class GitFetcher {
  constructor(private readonly options: GitFetcherOptions) {}

  /** Rejects with NoSuchBuildpack where the repository answers, and has no such ref. */
  async fetch(reference: GitReference, fetching: Fetching): Promise<Fetched> {
    const { scratch, archive, known, signal } = fetching;
    const wanted = await this.wanted(reference, signal);
    if (known !== null && wanted.commit === known) return { changed: false };
    const repository = join(scratch, 'repository');
    await this.git(fetching, 'init', '--quiet', '--bare', '--template=', repository);
    await this.git(
      fetching,
      ...['-C', repository, 'fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules'],
      ...['--', reference.url, wanted.name],
    );
    await this.git(
      fetching,
      '-C',
      repository,
      'archive',
      '--format=tar',
      `--output=${archive}`,
      'FETCH_HEAD',
    );
    return { changed: true, version: wanted.commit };
  }

  /** The ref's name in full, and its commit: a branch before a tag, as git clones. */
  private async wanted(
    { url, ref, text }: GitReference,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly commit: string }> {
    if (ref !== null && /^[0-9a-f]{40}$/.test(ref)) return { name: ref, commit: ref };
    const names = ref === null ? ['HEAD'] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
    const listed = await this.git({ signal, limit: 0 }, 'ls-remote', '--quiet', '--', url, ...names);
    const commits = new Map(
      listed.split('\n').map((line) => {
        const [commit = '', name = ''] = line.split('\t');
        return [name, commit] as const;
      }),
    );
    for (const name of names) {
      const commit = commits.get(name);
      if (commit !== undefined) return { name, commit };
    }
    const which = ref === null ? 'a commit' : `a branch or tag ${ref}`;
    throw new NoSuchBuildpack(`${text}: its repository has not ${which}`);
  }

  /** Answers stdout. Rejects with git's own words. */
  private async git(
    { signal, limit }: Pick<Fetching, 'signal' | 'limit'>,
    ...args: readonly string[]
  ): Promise<string> {
    const blocks = String(Math.floor(limit / BLOCK));
    try {
      const { stdout } = await run('sh', ['-c', LIMITED, 'sh', blocks, ...args], {
        env: this.environment(),
        cwd: '/',
        encoding: 'utf8',
        signal,
        killSignal: 'SIGKILL',
        maxBuffer: 4 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(wordsOf(error, limit), { cause: error });
    }
  }

  private environment(): Record<string, string> {
    const { path, env, settings } = this.options;
    return {
      ...env,
      PATH: path,
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: settings,
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '/bin/false',
      GIT_ALLOW_PROTOCOL: 'https:file',
    };
  }
}

function wordsOf(error: unknown, limit: number): string {
  if (codeOf(error) === 'ENOENT') return 'this machine has no sh';
  const { stderr = '' } = error as { readonly stderr?: string };
  const said = stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .slice(-3)
    .join(' ');
  if (/index-pack|File size limit|too large/i.test(said))
    return `it was cut off, or is larger than the limit of ${limit} bytes: ${said.slice(0, 200)}`;
  if (/git: not found|exec: git/.test(said))
    return 'this machine has no git: install it (apt-get install git)';
  return said === '' ? 'git ended without a word' : said.slice(0, 500);
}
