import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from '../../../shared/errors.js';

const run = promisify(execFile);

/** A process for ever: its pid may be given to another one, pid and start time together are not. */
export interface Identity {
  readonly pid: number;
  /** Clock ticks since boot (Linux), or `ps`'s text; compared, never calculated with. */
  readonly startTime: string;
}

/** `unknown`: the system did not say; treated as alive wherever being wrong would start or kill something. */
export type Liveness = 'alive' | 'dead' | 'unknown';

export interface ProcessRow {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
  readonly rssPages: number;
}

/** What this machine's kernel says of its processes; without /proc only the liveness of a known one. */
export class Processes {
  constructor(private readonly proc = '/proc') {}

  /** Differs after each boot. Empty where the system does not tell: then start times alone tell processes apart. */
  async bootId(): Promise<string> {
    try {
      return (await readFile(`${this.proc}/sys/kernel/random/boot_id`, 'utf8')).trim();
    } catch {
      return '';
    }
  }

  async identify(pid: number): Promise<Identity | null> {
    const row = await this.read(pid);
    if (row) return { pid, startTime: row.startTime };
    const startTime = (await this.readable()) ? null : await startTimeByPs(pid);
    return startTime === null ? null : { pid, startTime };
  }

  async liveness(process: Identity): Promise<Liveness> {
    try {
      const row = await this.read(process.pid);
      if (row === null && !(await this.readable())) {
        return (await startTimeByPs(process.pid)) === process.startTime ? 'alive' : 'dead';
      }
      const ended = row === null || row.state === 'Z' || row.state === 'X';
      return !ended && row.startTime === process.startTime ? 'alive' : 'dead';
    } catch {
      return 'unknown';
    }
  }

  /** Null when there is no such process; rejects when the system does not say. */
  async read(pid: number): Promise<ProcessRow | null> {
    try {
      return parseStat(pid, await readFile(`${this.proc}/${pid}/stat`, 'latin1'));
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** All processes that live now; empty without /proc. */
  async all(): Promise<ProcessRow[]> {
    const rows = await Promise.all((await this.pids()).map((pid) => this.read(pid).catch(() => null)));
    return rows.filter((row) => row !== null).filter((row) => row.state !== 'Z' && row.state !== 'X');
  }

  /** The environment a process was started with, as far as it may be read and was not written over. */
  async environment(pid: number): Promise<string[]> {
    try {
      return (await readFile(`${this.proc}/${pid}/environ`, 'utf8'))
        .split('\0')
        .filter((entry) => entry !== '');
    } catch {
      return [];
    }
  }

  /** Those with exactly this `NAME=value` in their environment. */
  async withVariable(entry: string): Promise<number[]> {
    const pids = await this.pids();
    const marked = await Promise.all(pids.map(async (pid) => (await this.environment(pid)).includes(entry)));
    return pids.filter((_, index) => marked[index]);
  }

  /** Those whose working folder is `folder` or below. */
  async workingBelow(folder: string): Promise<number[]> {
    const pids = await this.pids();
    const below = await Promise.all(
      pids.map(async (pid) => {
        const place = await readlink(`${this.proc}/${pid}/cwd`).catch(() => '');
        return place === folder || place.startsWith(`${folder}/`);
      }),
    );
    return pids.filter((_, index) => below[index]);
  }

  /** Does the system have a /proc of Linux's kind? */
  async readable(): Promise<boolean> {
    return (await this.read(process.pid).catch(() => null)) !== null;
  }

  private async pids(): Promise<number[]> {
    const names = await readdir(this.proc).catch(() => []);
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  }
}

/** The fields after the command's name, which may itself hold blanks and brackets. */
function parseStat(pid: number, text: string): ProcessRow {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    state: fields[0] ?? '',
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
    rssPages: Number(fields[21]),
  };
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '');

/** As the shim writes it: blanks as underscores. Null when there is no such process. */
async function startTimeByPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.replaceAll(/[ \n]+/g, '_') || null;
  } catch (error) {
    if (typeof codeOf(error) === 'string') throw error;
    return null;
  }
}

/** `<pid> <start time>[ …]` as the shim writes it; null when it is not there whole. */
export function parseIdentity(text: string): Identity | null {
  const match = /^(\d+) (\S+).*\n$/.exec(text);
  return match?.[1] && match[2] ? { pid: Number(match[1]), startTime: match[2] } : null;
}
