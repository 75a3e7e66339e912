import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { codeOf, UserError } from '../errors.js';

const run = promisify(execFile);

/** The user's own git, in a folder of the user's. */
export class GitProgram {
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<NodeJS.ProcessEnv>,
  ) {}

  /** Answers stdout without the last line end. Throws a UserError with git's words. */
  async run(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await run('git', [...args], { cwd: this.folder, env: this.env, encoding: 'utf8' });
      return stdout.trimEnd();
    } catch (error) {
      throw explained(error);
    }
  }

  /** The same; null where git exits with an error. */
  async tries(...args: readonly string[]): Promise<string | null> {
    return this.run(...args).catch(() => null);
  }

  /** On the user's terminal; answers the exit code. */
  show(...args: readonly string[]): Promise<number> {
    const child = spawn('git', [...args], { cwd: this.folder, env: this.env, stdio: 'inherit' });
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(explained(error)));
      child.once('close', (code) => resolve(code ?? 1));
    });
  }
}

function explained(error: unknown): UserError {
  if (codeOf(error) === 'ENOENT') {
    return new UserError('This machine has no git.', {
      hint: 'Install it (apt-get install git), or deploy without: tfk push',
      cause: error,
    });
  }
  const { stderr = '' } = error as { stderr?: string };
  return new UserError(`git failed: ${stderr.trim() || String(error)}`, { cause: error });
}
