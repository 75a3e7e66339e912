import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { ServiceHost } from '../../../engines/service-host.js';
import { TfkError } from '../../../shared/errors.js';
import type { Credentials } from '../credentials.js';

/** pg_dump and pg_restore, run where they reach the server. Both reject with the program's own words. */
export interface DumpTools {
  dump(argv: readonly string[], output: Writable, signal: AbortSignal): Promise<void>;
  /** `input` is a dump. */
  restore(argv: readonly string[], input: Readable, signal: AbortSignal): Promise<void>;
}

const ERRORS_LIMIT = 16 * 1024;

/** Programs of this machine. */
export class ProcessTools implements DumpTools {
  constructor(
    private readonly bin: string,
    private readonly to: Credentials,
  ) {}

  async dump(argv: readonly string[], output: Writable, signal: AbortSignal): Promise<void> {
    const child = this.start('pg_dump', argv, signal);
    await Promise.all([child.ended, pipeline(child.stdout, output, { signal })]).catch(child.stop);
  }

  async restore(argv: readonly string[], input: Readable, signal: AbortSignal): Promise<void> {
    const child = this.start('pg_restore', argv, signal);
    child.stdout.resume();
    // What ends early says why itself.
    const sent = pipeline(input, child.stdin).catch((error: unknown) => {
      if (child.stdin.errored !== error) throw error;
    });
    await Promise.all([child.ended, sent]).catch(child.stop);
  }

  /** The password goes by the environment, which other users cannot read; arguments they can. */
  private start(program: string, argv: readonly string[], signal: AbortSignal) {
    const { port, user, password } = this.to;
    const child = spawn(`${this.bin}/${program}`, argv, {
      cwd: '/',
      env: {
        LC_ALL: 'C',
        TZ: 'UTC',
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < ERRORS_LIMIT) errors += chunk.toString('utf8');
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) resolve();
        // Whatever it says, as of its environment: its words are shown, kept and logged.
        else reject(toolFailed(program, without(password, errors)));
      });
    });
    const stop = async (error: unknown): Promise<never> => {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
      throw error;
    };
    return { stdin: child.stdin, stdout: child.stdout, ended, stop };
  }
}

/** Those of the server's own image, by its own socket, which asks for no password. */
export class ContainerTools implements DumpTools {
  constructor(
    private readonly services: Pick<ServiceHost, 'stream'>,
    private readonly id: string,
    private readonly user: string,
  ) {}

  async dump(argv: readonly string[], output: Writable, signal: AbortSignal): Promise<void> {
    await this.run('pg_dump', argv, { input: null, output, signal });
    output.end();
    await finished(output);
  }

  async restore(argv: readonly string[], input: Readable, signal: AbortSignal): Promise<void> {
    await this.run('pg_restore', argv, { input, output: null, signal });
  }

  private async run(
    program: string,
    argv: readonly string[],
    streams: { input: Readable | null; output: Writable | null; signal: AbortSignal },
  ): Promise<void> {
    const command = [program, `--username=${this.user}`, ...argv];
    const { exitCode, output } = await this.services.stream(this.id, { command, ...streams });
    if (exitCode !== 0) throw toolFailed(program, output);
  }
}

/** Also as an address has it. */
const without = (secret: string, text: string): string =>
  [secret, encodeURIComponent(secret)].reduce((rest, form) => rest.replaceAll(form, '****'), text);

/** What a server says of rows themselves, which are nobody's to read in a log. */
const OF_ROWS = /^(?:DETAIL|CONTEXT|QUERY|STATEMENT|Command was):/;

/** `pg_dump: error: …` and the server's own words behind it. */
export function toolFailed(program: string, errors: string): TfkError {
  const lines = errors.split('\n').filter((line) => line.trim() !== '' && !OF_ROWS.test(line.trim()));
  const first = lines.findIndex((line) => / error: /.test(line));
  const told = lines
    .slice(Math.max(first, 0), Math.max(first, 0) + 3)
    .map((line) => line.replace(/^pg_(dump|restore): (error: )?/, ''))
    .join(' ');
  const full = /no space left/i.test(errors);
  return new TfkError(
    full ? 'insufficient_storage' : 'unavailable',
    `${program} failed: ${told === '' ? 'it ended without a word' : told}`,
  );
}
