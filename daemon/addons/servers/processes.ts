import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';

/** The command line of a living process, its arguments apart by a space; undefined when there is none (a zombie has none). */
export async function commandOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return readCommand(pid);
  const { stdout, exitCode } = await execa('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
    reject: false,
  });
  return exitCode === 0 && stdout !== '' ? stdout : undefined;
}

/** The processes whose command line begins so. */
export async function processesBeginning(prefix: string): Promise<readonly number[]> {
  const all = process.platform === 'linux' ? await listProc() : await listPs();
  return all.filter(({ command }) => command.startsWith(prefix)).map(({ pid }) => pid);
}

/** Answers whether there was such a process. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

interface Listed {
  readonly pid: number;
  readonly command: string;
}

/** From /proc, since small images have no `ps`. */
async function listProc(): Promise<readonly Listed[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const commands = await Promise.all(pids.map(readCommand));
  return pids.flatMap((pid, index) => {
    const command = commands[index];
    return command === undefined ? [] : [{ pid, command }];
  });
}

async function readCommand(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text === '' ? undefined : text.replaceAll('\0', ' ').trim();
}

async function listPs(): Promise<readonly Listed[]> {
  const { stdout } = await execa('ps', ['-axww', '-o', 'pid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(.*)$/.exec(line);
    return found ? [{ pid: Number(found[1]), command: found[2] ?? '' }] : [];
  });
}
