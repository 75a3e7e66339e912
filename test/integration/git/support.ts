import { execa } from 'execa';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtProgram } from '../../support/built.js';
import { openBench, type Bench } from '../http/support.js';

export interface Ran {
  readonly code: number;
  /** stdout and stderr, as they came. */
  readonly said: string;
}

/** A working copy of the test's own, and a git that knows nothing of the user's. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'tfk-checkout-'));

  git(...args: string[]): Promise<Ran> {
    return this.gitWith({}, ...args);
  }

  async gitWith(env: Record<string, string>, ...args: string[]): Promise<Ran> {
    const result = await execa('git', args, {
      cwd: this.folder,
      all: true,
      env: { ...this.environment(), ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    return { code: result.exitCode ?? -1, said: result.all };
  }

  /** A git that is under way, with all that it starts in one process group, as a terminal would have it. */
  begin(...args: string[]) {
    return execa('git', args, {
      cwd: this.folder,
      detached: true,
      env: this.environment(),
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
  }

  async ok(...args: string[]): Promise<string> {
    const ran = await this.git(...args);
    if (ran.code !== 0) throw new Error(`git ${args.join(' ')}: ${ran.said}`);
    return ran.said;
  }

  async init(branch = 'main'): Promise<void> {
    await this.ok('init', '-q', '-b', branch);
  }

  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
  }

  /** Answers the commit. */
  async commit(files: Readonly<Record<string, string | Uint8Array>>, message = 'a change'): Promise<string> {
    this.write(files);
    await this.ok('add', '-A');
    await this.ok('commit', '-q', '--allow-empty', '-m', message);
    return this.ok('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
    };
  }
}

export interface GitBench extends Bench {
  /** Of an app, with the token as password. */
  url(app: string, token?: string): string;
  readonly port: number;
}

/** A tfkd's HTTP on a real socket and a real port, with real repositories; builds are played. */
export async function openGitBench(): Promise<GitBench> {
  const bench = await openBench({ hookProgram: builtProgram('daemon/git/hook/main.js') });
  await bench.git.prepare();
  await bench.server().app.listen({ path: join(bench.home, 'tfkd.sock') });
  const tcp = bench.server({ trusted: false }).app;
  await tcp.listen({ host: '127.0.0.1', port: 0 });
  const { port } = tcp.server.address() as AddressInfo;
  const right = bench.token();
  return {
    ...bench,
    port,
    url: (app, token = right) => `http://x:${token}@127.0.0.1:${port}/${app}.git`,
  };
}
