import Docker from 'dockerode';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killHard } from './own-processes.js';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;

/**
 * A dockerd of one test file's own, which it may stop, kill and start again. Beside the machine's engine it keeps its hands off
 * what all engines share: its bridge is not docker0 (told to have none, it would remove the other's), and it makes no firewall
 * rules, so its containers reach this machine only.
 */
export class PrivateEngine {
  readonly host: string;
  readonly docker: Docker;
  private dockerd: ChildProcess | null = null;

  private readonly bridge = `tfk${randomBytes(4).toString('hex')}`;

  private constructor(private readonly folder: string) {
    const socketPath = join(folder, 'docker.sock');
    this.host = `unix://${socketPath}`;
    this.docker = new Docker({ socketPath });
  }

  /** Why there can be none here; null: there can. */
  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'only root can start an engine';
    const missing = [
      ['dockerd', '--version'],
      ['ip', '-V'],
    ].filter(([program = '', argument = '']) => spawnSync(program, [argument]).status !== 0);
    return missing.length === 0 ? null : `there is no ${missing.map(([program]) => program).join(', no ')}`;
  }

  static async start(): Promise<PrivateEngine> {
    const folder = mkdtempSync(join(tmpdir(), 'tfk-dockerd-'));
    chmodSync(folder, 0o711);
    writeFileSync(join(folder, 'daemon.json'), '{}');
    const engine = new PrivateEngine(folder);
    ip('link', 'add', engine.bridge, 'type', 'bridge');
    ip('address', 'add', `10.214.${randomInt(256)}.1/24`, 'dev', engine.bridge);
    await engine.start();
    return engine;
  }

  /** Resolves as soon as it answers. */
  async start(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a');
    const places = ['data', 'exec', 'pid'].map((name) => join(this.folder, name)) as [string, string, string];
    const [data, exec, pid] = places;
    this.dockerd = spawn(
      'dockerd',
      [
        ...['--config-file', join(this.folder, 'daemon.json'), '--host', this.host],
        ...['--data-root', data, '--exec-root', exec, '--pidfile', pid],
        ...[
          '--bridge',
          'none',
          '--iptables=false',
          '--ip6tables=false',
          '--ip-masq=false',
          '--ip-forward=false',
        ],
        ...['--default-address-pool', 'base=10.213.0.0/16,size=24', '--shutdown-timeout', '5'],
      ],
      { stdio: ['ignore', log, log] },
    );
    await this.untilItAnswers(this.dockerd);
  }

  /** As `systemctl stop docker`: its containers end too. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** With the containerd that it has started; its containers go on for now. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
    this.killAll('containerd');
    // The next dockerd would wait for whoever has this pid.
    rmSync(join(this.folder, 'exec', 'containerd', 'containerd.pid'), { force: true });
  }

  /** Copies an image of another engine. */
  async copyImage(from: Docker, tag: string): Promise<void> {
    const answer = await this.docker.loadImage(await from.getImage(tag).get());
    await new Promise<void>((resolve, reject) => {
      this.docker.modem.followProgress(answer, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Ends it with all that it has: containers, networks, mounts, files; also after a start that failed. */
  async remove(): Promise<void> {
    if (this.dockerd === null) await this.start().catch(() => undefined);
    if (await this.answers()) await this.clear();
    await this.stop();
    this.killAll('');
    // What is hidden below another mount goes after that one.
    for (let tries = 0; tries < 5 && this.mounts().length > 0; tries++)
      for (const mount of this.mounts()) spawnSync('umount', [mount]);
    ip('link', 'delete', this.bridge);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async clear(): Promise<void> {
    for (const { Id } of await this.docker.listContainers({ all: true }))
      await this.docker.getContainer(Id).remove({ force: true, v: true });
    await this.docker.pruneNetworks();
  }

  /** Whatever runs with this engine's folder in its arguments, by the name of its program. */
  private killAll(program: string): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const [path = '', ...rest] = commandLineOf(pid);
      if (path.endsWith(program) && rest.some((word) => word.startsWith(this.folder))) killHard(Number(pid));
    }
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const dockerd = this.dockerd;
    if (dockerd === null) return;
    this.dockerd = null;
    if (dockerd.exitCode !== null || dockerd.signalCode !== null) return;
    const ended = once(dockerd, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    dockerd.kill(signal);
    await ended;
  }

  private async untilItAnswers(dockerd: ChildProcess): Promise<void> {
    const until = performance.now() + START_LIMIT_MS;
    while (!(await this.answers())) {
      if (dockerd.exitCode !== null || performance.now() > until)
        throw new Error(`dockerd does not answer:\n${this.lastWords()}`);
      await sleep(100);
    }
  }

  private answers(): Promise<boolean> {
    return this.docker.ping().then(
      () => true,
      () => false,
    );
  }

  private lastWords(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8').split('\n').slice(-20).join('\n');
  }

  /** Of dockerd, below its folder: the innermost first. */
  private mounts(): string[] {
    return readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${this.folder}/`))
      .reverse();
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

function commandLineOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
