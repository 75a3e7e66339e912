import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TfkError } from '../shared/errors.js';

const run = promisify(execFile);

/** What a git may read of the world: its own settings and nothing of the user's, nor of who started tfkd. */
export type GitEnvironment = Readonly<Record<string, string>>;

/** The machine's own git, as one that finds only tfk's settings. */
export class Git {
  private backend: string | null = null;

  constructor(readonly environment: GitEnvironment) {}

  /** Answers stdout. Rejects with git's own words. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('git', [...args], { env: this.environment, cwd: '/', encoding: 'utf8' });
    return stdout;
  }

  /** True when git answers so, false when it exits with an error. */
  async asks(...args: readonly string[]): Promise<boolean> {
    return this.run(...args).then(
      () => true,
      () => false,
    );
  }

  /** The path of `git-http-backend`. Throws a TfkError that says what to install; looked for until it is there. */
  async httpBackend(): Promise<string> {
    this.backend ??= await this.findBackend();
    return this.backend;
  }

  /** `2.39.5` */
  async version(): Promise<string> {
    return /\d[\w.]*/.exec(await this.run('--version'))?.[0] ?? 'of unknown version';
  }

  private async findBackend(): Promise<string> {
    const folder = await this.run('--exec-path').catch(() => {
      throw missing(
        'This machine has no git, which tfkd needs to take a push.',
        'Install git (apt-get install git)',
      );
    });
    const path = join(folder.trim(), 'git-http-backend');
    await access(path, constants.X_OK).catch(() => {
      throw missing(
        'The git of this machine comes without git-http-backend, which tfkd needs to take a push.',
        'Install it (on Alpine: apk add git-daemon)',
      );
    });
    return path;
  }
}

const missing = (message: string, install: string): TfkError =>
  new TfkError('unavailable', `${message} Nothing was changed.`, {
    hint: `${install}, then push again; \`tfk push\` needs no git.`,
  });
