import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Release } from '../../api/releases.js';
import { aSmallApp, type Installation, type Ran } from './installation.js';

/** Waits that are minutes for users, and seconds here. */
export const SHORT = {
  TFK_BUILD_TIMEOUT_S: '10',
  TFK_BOOT_TIMEOUT_S: '4',
  TFK_EXIT_TIMEOUT_S: '2',
  TFK_RELEASE_TIMEOUT_S: '6',
};

export const said = (ran: Ran): string => ran.stdout + ran.stderr;

export const withBuild = (build: string): Record<string, string> =>
  aSmallApp('built', {
    'package.json': JSON.stringify({ name: 'small', version: '1.0.0', scripts: { build } }),
  });

export const json = async <T>(tfk: Installation, ...args: string[]): Promise<T> =>
  JSON.parse(await tfk.ok(...args, '--json')) as T;

export const releases = (tfk: Installation, app: string): Promise<Release[]> =>
  json<Release[]>(tfk, 'releases', '-a', app);

export const until = async (what: () => Promise<string> | string, wanted: RegExp): Promise<void> => {
  await expect.poll(what, { timeout: 60_000, interval: 100 }).toMatch(wanted);
};

/** An app that runs, and what it is pushed next. */
export class Victim {
  private constructor(
    private readonly tfk: Installation,
    readonly app: string,
    readonly source: string,
  ) {}

  static async create(tfk: Installation, app: string): Promise<Victim> {
    await tfk.ok('apps:create', app);
    const source = tfk.source(app, aSmallApp('works'));
    await tfk.ok('push', source, '-a', app);
    return new Victim(tfk, app, source);
  }

  /** Pushes it with these files changed. */
  push(files: Readonly<Record<string, string>>): Promise<Ran> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.source, name), text);
    return this.tfk.tfk('push', this.source, '-a', this.app);
  }

  async stillWorks(): Promise<void> {
    expect(await this.tfk.get(this.app)).toMatchObject({ status: 200, body: 'works' });
  }

  log(): Promise<string> {
    return this.tfk.ok('logs', '-n', '200', '-a', this.app);
  }
}

/** Does any process have this in its command line? */
export function alive(text: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => commandLine(pid).includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export async function aTakenPort(): Promise<{ port: number; free: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, free: () => void server.close() };
}
