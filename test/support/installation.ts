import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtProgram } from './built.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** A tfk of the test's own: its home, ports and processes, and nothing of them left after `remove`. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'tfk-e2e-'));
  readonly home: string;
  private readonly cli = builtProgram('cli/main.js');

  /**
   * `settings`: further environment of all its commands, and so of its daemon; its engine is the embedded one unless TFK_ENGINE
   * is among them. `place`: the folder of home and dynos.
   */
  constructor(
    private readonly settings: Readonly<Record<string, string>> = {},
    private readonly place?: string,
  ) {
    this.home = join(place ?? this.folder, 'home');
    // Dynos and databases run as other users when the tests run as root.
    chmodSync(this.folder, 0o711);
  }

  /** Runs `tfk ARGS`; whatever its exit code. */
  async tfk(...args: string[]): Promise<Ran> {
    return this.tfkWith({}, ...args);
  }

  async tfkWith(
    options: { input?: string; env?: Record<string, string>; cwd?: string },
    ...args: string[]
  ): Promise<Ran> {
    const result = await execa(process.execPath, [this.cli, ...args], {
      cwd: options.cwd ?? this.folder,
      env: { ...this.environment(), ...options.env },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    });
    return { code: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Runs `tfk ARGS`, which has to succeed; answers its stdout. */
  async ok(...args: string[]): Promise<string> {
    const ran = await this.tfk(...args);
    if (ran.code !== 0)
      throw new Error(
        `tfk ${args.join(' ')} exited with ${ran.code}\n${ran.stdout}\n${ran.stderr}\n${this.daemonLog()}`,
      );
    return ran.stdout;
  }

  /** Runs `tfk ARGS` on a terminal of 24 × 80, where the answer is typed once the prompt is seen; stdout is what it showed. */
  onTerminal(dialogue: { prompt: string; answer: string }, ...args: string[]): Promise<Ran> {
    const words = [process.execPath, this.cli, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const terminal = spawn('script', ['-qec', `stty rows 24 cols 80; ${words.join(' ')}`, '/dev/null'], {
      cwd: this.folder,
      env: { ...this.environment(), TERM: 'xterm-256color', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      const seen = shown.includes(dialogue.prompt);
      shown += text;
      if (!seen && shown.includes(dialogue.prompt)) terminal.stdin.write(dialogue.answer);
    });
    return new Promise((resolve, reject) => {
      terminal.once('error', reject);
      terminal.once('close', (code) => resolve({ code: code ?? -1, stdout: shown, stderr: '' }));
    });
  }

  /** Starts `tfk ARGS`, for who wants to kill it. */
  begin(...args: string[]): ChildProcess {
    return spawn(process.execPath, [this.cli, ...args], {
      cwd: this.folder,
      env: this.environment(),
      stdio: 'ignore',
    });
  }

  /** A folder with these files, to be pushed. */
  source(name: string, files: Readonly<Record<string, string>>): string {
    const folder = join(this.folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  }

  get running(): { pid: number; routerPort: number; apiPort: number; socket: string } {
    return JSON.parse(readFileSync(join(this.home, 'run', 'tfkd.json'), 'utf8')) as {
      pid: number;
      routerPort: number;
      apiPort: number;
      socket: string;
    };
  }

  /** A request to an app, through the router. */
  get(
    app: string,
    path = '/',
    method = 'GET',
    headers: Record<string, string> = {},
    body = '',
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.running.routerPort,
          path,
          method,
          agent: false,
          headers: { host: `${app}.localhost`, ...headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }),
          );
          response.once('error', reject);
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  daemonLog(): string {
    try {
      return readFileSync(join(this.home, 'run', 'tfkd.log'), 'utf8')
        .split('\n')
        .slice(-15)
        .join('\n');
    } catch {
      return '';
    }
  }

  /** Stops all, and removes all files. */
  async remove(): Promise<void> {
    await this.tfk('daemon', 'stop');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a shell needs to be set to for `tfk` to be this one. */
  get variables(): Record<string, string> {
    const { TFK_HOME = '', TFK_SYSTEM_DIR = '' } = this.environment();
    return { TFK_HOME, TFK_SYSTEM_DIR };
  }

  private environment(): Record<string, string> {
    const inherited = [
      'PATH',
      'HOME',
      'TMPDIR',
      'NODE_EXTRA_CA_CERTS',
      'SSL_CERT_FILE',
      'HTTPS_PROXY',
      'HTTP_PROXY',
      'NO_PROXY',
      'DOCKER_HOST',
    ];
    const kept = inherited.flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
    );
    return {
      ...Object.fromEntries(kept),
      TFK_ENGINE: 'process',
      TFK_HOME: this.home,
      TFK_SYSTEM_DIR: join(this.place ?? this.folder, 'system'),
      TFK_API_PORT: '0',
      TFK_ROUTER_PORT: '0',
      TFK_ROUTER_TLS_PORT: '0',
      NO_COLOR: '1',
      ...this.settings,
    };
  }
}

/** A small web app without dependencies, which answers with `text`; a worker; and commands to run. */
export function aSmallApp(
  text: string,
  change: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    Procfile: ['web: node web.js', 'worker: node worker.js', 'echo: cat', 'fail: exit 3', ''].join('\n'),
    'package.json': JSON.stringify({ name: 'small', version: '1.0.0', private: true }),
    'package-lock.json': JSON.stringify({
      name: 'small',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'small', version: '1.0.0' } },
    }),
    'web.js': `
const http = require('node:http');
const server = http.createServer((req, res) => {
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
  if (req.url === '/pid') return res.end(String(process.pid));
  if (req.url === '/dyno') return res.end(process.env.DYNO);
  if (req.url === '/slow') return setTimeout(() => res.end('slow'), 1500);
  if (req.url === '/crash') { res.end('bye'); return setTimeout(() => process.exit(9), 20); }
  if (req.url === '/log') { console.log('a line', Date.now()); }
  res.end(${JSON.stringify(text)});
});
server.listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
    'worker.js': `console.log('worker of', process.env.TFK_RELEASE_VERSION); setInterval(() => {}, 1000);`,
    ...change,
  };
}
