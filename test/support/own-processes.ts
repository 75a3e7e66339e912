import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Installation } from './installation.js';

export interface OwnProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
}

/**
 * All processes of an installation, whatever became of their parents: its folder stands in their arguments, in their
 * environment or is where they work. Commands of the test's own (`cli/main.js`) are none.
 */
export function processesOf(tfk: Installation): OwnProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => look(Number(name)))
    .filter(({ text }) => text.includes(tfk.folder))
    .filter(({ argv }) => !argv.some((word) => word.endsWith('cli/main.js')));
}

export const daemonsOf = (tfk: Installation): number[] => running(tfk, 'daemon/main.js');
export const holdersOf = (tfk: Installation): number[] => running(tfk, 'daemon/router/main.js');

/** The router's workers: they are told all by their holder, so only it names them. */
export function routerWorkersOf(tfk: Installation): number[] {
  return holdersOf(tfk).flatMap((holder) =>
    read(`/proc/${holder}/task/${holder}/children`).trim().split(' ').filter(Boolean).map(Number),
  );
}

/** The dynos' processes by instance, as their mark says. */
export function dynoProcessesOf(tfk: Installation): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { pid, env } of processesOf(tfk)) {
    const instance = env.get('TFK_DYNO');
    if (instance !== undefined) found.set(instance, [...(found.get(instance) ?? []), pid]);
  }
  return found;
}

/** When a process was started, in clock ticks since boot. */
export function startTimeOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Kills one that may have gone by itself in between. */
export function killHard(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function running(tfk: Installation, program: string): number[] {
  return processesOf(tfk)
    .filter(({ argv }) => argv.some((word) => word.endsWith(`/${program}`)))
    .map(({ pid }) => pid);
}

function look(pid: number): OwnProcess & { readonly text: string } {
  const argv = read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
  const environ = read(`/proc/${pid}/environ`);
  const env = new Map(
    environ.split('\0').map((entry): [string, string] => {
      const middle = entry.indexOf('=');
      return [entry.slice(0, middle), entry.slice(middle + 1)];
    }),
  );
  return { pid, argv, env, text: [...argv, environ, workingFolder(pid)].join('\n') };
}

/** A process that goes away meanwhile has nothing to say. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
