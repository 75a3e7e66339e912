import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientFrame } from '../../../api/attach.js';
import { FakeTfkd } from './fake-tfkd.js';
import { cliCommand, runCli, startCli } from './run-cli.js';

let tfkd: FakeTfkd;

beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
});
afterEach(async () => {
  await tfkd.stop();
});

const BUILD = '11111111-1111-4111-8111-111111111111';
const build = (change: object = {}) => ({
  id: BUILD,
  status: 'succeeded',
  output_stream_url: '/tfk/builds/secret/output',
  release: { id: 'r7' },
  message: null,
  unchanged: false,
  queue_position: null,
  ...change,
});
const release = (version: number, change: object = {}) => ({
  id: `r${version}`,
  version,
  status: 'succeeded',
  current: true,
  output_stream_url: null,
  slug: { id: 's' },
  eligible_for_rollback: true,
  message: null,
  ...change,
});
const url = 'http://my-app.localhost:8080/';

describe('push', () => {
  let folder = '';

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'tfk-push-')), 'My App');
    mkdirSync(folder);
    writeFileSync(join(folder, 'Procfile'), 'web: node a.js\n');
    tfkd.on('GET /apps', { json: [] });
    tfkd.on('POST /apps', { status: 201, json: { name: 'my-app', web_url: url } });
    tfkd.on('GET /apps/my-app', { json: { name: 'my-app', web_url: url } });
    tfkd.on('POST /sources', {
      json: { source_blob: { get_url: '/tfk/sources/s', put_url: '/tfk/sources/s' } },
    });
    tfkd.on('PUT /tfk/sources/s', {});
    tfkd.on('POST /apps/my-app/builds', { status: 201, json: build({ status: 'pending' }) });
    tfkd.on('GET /tfk/builds/secret/output', (_, reply) => {
      reply.write('-----> Node.js app detected\n\0');
      reply.end('       done\n');
      return undefined;
    });
    tfkd.on(`GET /apps/my-app/builds/${BUILD}`, { json: build() });
    tfkd.on('GET /apps/my-app/releases/r7', { json: release(7) });
    tfkd.on('GET /apps/my-app/releases', { json: [release(7, { current: false }), release(6)] });
    let polls = 0;
    tfkd.on('GET /tfk/apps/my-app/rollout', () => ({
      json: {
        status: polls++ === 0 ? 'pending' : 'live',
        release: 7,
        message: null,
        types: [{ type: 'web', ready: 0, wanted: 1 }],
        url,
      },
    }));
  });
  afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  const push = (...words: string[]) => runCli(['push', ...words], { home: tfkd.home, cwd: folder });

  it('makes an app named after the folder, sends the source, shows the build, waits until it is live', async () => {
    const ended = await push();
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^v7 is live after \S+ m?s at http:\/\/my-app\.localhost:8080\/\n$/);
    expect(ended.stderr).toBe(
      [
        'Creating ⬢ my-app... done',
        'Sending 1 file, 15 B... done',
        '-----> Node.js app detected',
        '       done',
        'Waiting for dynos: web 0/1 ready',
        '',
      ].join('\n'),
    );
    expect(readFileSync(join(folder, '.tfk', 'app'), 'utf8')).toBe('my-app\n');
    expect(tfkd.sent('POST /apps/my-app/builds')).toEqual({
      source_blob: { url: '/tfk/sources/s', version: null },
    });
    const sent = tfkd.seen.find(({ request }) => request.startsWith('PUT'))?.body ?? Buffer.alloc(0);
    const names: string[] = [];
    const reader = extract();
    Readable.from([sent]).pipe(createGunzip()).pipe(reader);
    for await (const entry of reader) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(['Procfile']);
  });

  it('of an image sends a Dockerfile of it, and leaves the folder as it is', async () => {
    const ended = await push('--image', 'registry:5000/me/site:1.2', '--name', 'my-app');
    expect(ended.code).toBe(0);
    expect(existsSync(join(folder, '.tfk'))).toBe(false);
    expect(tfkd.sent('POST /apps/my-app/builds')).toEqual({
      source_blob: { url: '/tfk/sources/s', version: 'registry:5000/me/site:1.2' },
    });
    const sent = tfkd.seen.find(({ request }) => request.startsWith('PUT'))?.body ?? Buffer.alloc(0);
    expect(gunzipSync(sent).toString()).toMatch(/^Dockerfile\0[^]*FROM registry:5000\/me\/site:1\.2\n/);
  });

  it.each([
    [['--image', 'a', 'folder'], /not both at once/],
    [['--image', 'a'], /Which app\?/],
    [['--image', 'a\nRUN x', '--name', 'x'], /is not the name of an image/],
  ])('of an image that cannot be meant is refused: %j', async (words, message) => {
    expect(await push(...words)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
    expect(tfkd.requests()).toEqual([]);
  });

  it('takes another name where that is taken', async () => {
    tfkd.on('GET /apps', { json: [{ name: 'my-app' }, { name: 'my-app-2' }] });
    await push();
    expect(tfkd.sent('POST /apps')).toEqual({ name: 'my-app-3' });
  });

  it("goes to the folder's app the second time", async () => {
    await push();
    await push();
    expect(tfkd.requests().filter((request) => request === 'POST /apps')).toHaveLength(1);
  });

  it('makes an app that is no more anew', async () => {
    await push();
    tfkd.on('GET /apps/my-app', {
      status: 404,
      json: { id: 'not_found', message: 'No app is named my-app.' },
    });
    expect((await push()).stderr).toContain('belongs to my-app, which is no more');
    expect(tfkd.requests().filter((request) => request === 'POST /apps')).toHaveLength(2);
  });

  it('to an app that does not exist is refused before anything is sent', async () => {
    const ended = await push('-a', 'nosuch');
    expect(ended.code).toBe(1);
    expect(tfkd.requests()).toEqual(['GET /apps/nosuch']);
  });

  it('answers JSON alone on stdout', async () => {
    const ended = await push('--json');
    expect(JSON.parse(ended.stdout)).toMatchObject({ app: 'my-app', release: 7, url, unchanged: false });
  });

  it('of what runs already says so', async () => {
    tfkd.on(`GET /apps/my-app/builds/${BUILD}`, { json: build({ unchanged: true, release: null }) });
    expect(await push()).toMatchObject({
      code: 0,
      stdout: `Nothing changed: my-app runs this source already at ${url}\n`,
    });
  });

  it('whose build fails ends with 1, the reason and what still runs', async () => {
    tfkd.on(`GET /apps/my-app/builds/${BUILD}`, {
      json: build({ status: 'failed', release: null, message: 'npm ci ended with code 1.' }),
    });
    const ended = await push();
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(
      ' !    The build failed: npm ci ended with code 1.\n !    v6 still runs, as before.\n',
    );
  });

  it('whose build fails for a reason of many lines does not say all of them twice', async () => {
    tfkd.on(`GET /apps/my-app/builds/${BUILD}`, {
      json: build({ status: 'failed', release: null, message: 'No planner. Looked for:\n  Procfile' }),
    });
    const ended = await push();
    expect(ended.stderr).toContain(
      ' !    The build failed: its output above tells why\n !    v6 still runs, as before.\n',
    );
  });

  it('whose dynos do not come up ends with 1, their last lines and the way back', async () => {
    tfkd.on('GET /tfk/apps/my-app/rollout', {
      json: {
        status: 'failed',
        release: 7,
        message: 'web.1 did not bind to $PORT within 60 s (R10)',
        types: [],
        url,
      },
    });
    tfkd.on('POST /apps/my-app/log-sessions', { status: 201, json: { logplex_url: '/tfk/logs/s' } });
    tfkd.on('GET /tfk/logs/s', (_, reply) => {
      reply.writeHead(200, { 'content-type': 'text/event-stream' });
      reply.end('retry: 1\n\nid: 1\ndata: 2026-01-01T00:00:00Z app[web.1]: no such file\n\n');
      return undefined;
    });
    const ended = await push();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('app[web.1]: no such file');
    expect(ended.stderr).toContain('v7 is not live: web.1 did not bind to $PORT within 60 s (R10)');
    expect(ended.stderr).toContain('to go back: tfk rollback -a my-app');
    expect(tfkd.sent('POST /apps/my-app/log-sessions')).toMatchObject({ lines: 25, release: 7 });
  });

  it('whose first dynos do not come up promises no way back', async () => {
    tfkd.on('GET /apps/my-app/releases', {
      json: [release(7), release(6, { current: false, eligible_for_rollback: false, slug: null })],
    });
    tfkd.on('GET /tfk/apps/my-app/rollout', {
      json: { status: 'failed', release: 7, message: 'web.1 does not start', types: [], url },
    });
    const ended = await push();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(' !    Type: tfk logs -a my-app, or: tfk ps -a my-app\n');
    expect(ended.stderr).not.toContain('rollback');
  });

  it('that is refused while it is sent tells why, not that a pipe broke', async () => {
    writeFileSync(join(folder, 'big'), Buffer.alloc(8 * 1024 * 1024, Math.random().toString()));
    tfkd.on('PUT /tfk/sources/s', {
      status: 507,
      json: { id: 'insufficient_storage', message: 'The disk has too little room.' },
    });
    const ended = await push();
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('... failed\n !    The disk has too little room.\n');
  });

  it('that is interrupted while building says that the build goes on, exit code 130', async () => {
    tfkd.on('GET /tfk/builds/secret/output', (_, reply) => {
      reply.write('-----> working\n');
      return undefined;
    });
    const cli = startCli(['push'], { home: tfkd.home, cwd: folder });
    await cli.says('-----> working');
    cli.process.kill('SIGINT');
    const ended = await cli.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('the build goes on in tfkd');
    expect(ended.stderr).toContain('tfk builds:cancel -a my-app');
  });

  it('whose stream is cut still tells the outcome', async () => {
    tfkd.on('GET /tfk/builds/secret/output', (_, reply) => {
      reply.write('-----> working\n', () => reply.destroy());
      return undefined;
    });
    const ended = await push();
    expect(ended.stdout).toContain('v7 is live');
  });

  it('of an empty folder sends nothing', async () => {
    rmSync(join(folder, 'Procfile'));
    expect(await push()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no file to push') as string,
    });
    expect(tfkd.seen).toEqual([]);
  });
});

describe('logs', () => {
  const line = (n: number) => `id: ${n}\ndata: 2026-01-01T00:00:0${n}Z app[web.1]: line ${n}\n\n`;

  it('are byte-exact in a pipe, and asked for as typed', async () => {
    tfkd.on('POST /apps/x/log-sessions', {
      status: 201,
      json: { logplex_url: 'http://127.0.0.1:9/tfk/logs/s' },
    });
    tfkd.on('GET /tfk/logs/s', (_, reply) => {
      reply.end(`retry: 1\n\n: beat\n\nid: 1\ndata: 2026-01-01T00:00:00Z app[web.1]: \x1b[31mred\x07\n\n`);
      return undefined;
    });
    const words = 'logs -n 5 -p web -s app --since 10m --release v3 --grep red -a x'.split(' ');
    const ended = await runCli(words, { home: tfkd.home });
    expect(ended).toEqual({
      code: 0,
      stdout: '2026-01-01T00:00:00Z app[web.1]: \x1b[31mred\x07\n',
      stderr: '',
    });
    expect(tfkd.sent('POST /apps/x/log-sessions')).toEqual({
      lines: 5,
      tail: false,
      dyno: 'web',
      source: 'app',
      since: '10m',
      release: 3,
      grep: 'red',
    });
  });

  it('with --tail go on where they were when the connection was cut', async () => {
    tfkd.on('POST /apps/x/log-sessions', { status: 201, json: { logplex_url: '/tfk/logs/s' } });
    const asked: unknown[] = [];
    tfkd.on('GET /tfk/logs/s', ({ headers }, reply) => {
      asked.push(headers['last-event-id']);
      if (asked.length === 1) reply.write(line(1) + line(2), () => setTimeout(() => reply.destroy(), 50));
      else reply.write(line(3));
      return undefined;
    });
    const cli = startCli(['logs', '--tail', '-a', 'x'], { home: tfkd.home });
    await cli.says('line 3');
    cli.process.kill('SIGINT');
    await cli.ended;
    expect(cli.stdout.match(/line \d/g)).toEqual(['line 1', 'line 2', 'line 3']);
    expect(asked).toEqual([undefined, '2']);
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;

describe('run', () => {
  beforeEach(() => {
    tfkd.on('POST /apps/x/dynos', {
      status: 201,
      json: { name: 'run.1', attach_url: 'tfk+attach:/tfk/attach/s' },
    });
  });

  it('keeps stdout and stderr apart, and ends with the code of the command', async () => {
    tfkd.onAttach((client) => {
      client.send({ kind: 'stdout', data: Buffer.from('out\n') });
      client.send({ kind: 'stderr', data: Buffer.from('err\n') });
      client.exit(7);
    });
    const ended = await runCli(['run', '-a', 'x', '-e', 'A=1;B=2', '--', 'sh', '-c', 'exit 7'], {
      home: tfkd.home,
    });
    expect(ended).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: "Running sh -c 'exit 7' on ⬢ x... up, run.1\nerr\n",
    });
    expect(tfkd.sent('POST /apps/x/dynos')).toEqual({
      attach: true,
      command: "sh -c 'exit 7'",
      env: { A: '1', B: '2' },
      force_no_tty: true,
    });
  });

  it('passes megabytes of stdin through, and its end', async () => {
    const sent = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
    tfkd.onAttach((client) => {
      client.onFrame((frame) => {
        if (frame.kind === 'stdin') client.send({ kind: 'stdout', data: frame.data });
        if (frame.kind === 'stdin-end') client.exit(0);
      });
    });
    const ended = await runCli(['run', '-a', 'x', 'cat'], { home: tfkd.home, stdin: sent });
    expect(ended.code).toBe(0);
    expect(ended.stdout === sent.toString()).toBe(true);
  });

  it('passes Ctrl-C on as a signal', async () => {
    let frames: readonly ClientFrame[] = [];
    tfkd.onAttach((client) => {
      frames = client.frames;
      client.send({ kind: 'stdout', data: Buffer.from('ready\n') });
      client.onFrame((frame) => {
        if (frame.kind === 'signal') client.exit(130);
      });
    });
    const cli = startCli(['run', '-a', 'x', 'sleep', '100'], { home: tfkd.home });
    await cli.says('ready');
    cli.process.kill('SIGINT');
    expect((await cli.ended).code).toBe(130);
    expect(frames).toContainEqual({ kind: 'signal', name: 'SIGINT' });
  });

  it('says so when the connection is lost, exit code 1', async () => {
    tfkd.onAttach((client) => client.socket.destroy());
    const ended = await runCli(['run', '-a', 'x', 'true'], { home: tfkd.home });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('The connection was lost before the command ended; it may still run.');
  });

  it('detached prints the dyno and does not wait', async () => {
    tfkd.on('POST /apps/x/dynos', { status: 201, json: { name: 'run.2', attach_url: null } });
    const ended = await runCli(['run:detached', 'seed', '-a', 'x'], { home: tfkd.home });
    expect(ended).toMatchObject({ code: 0, stdout: 'run.2\n' });
    expect(tfkd.sent('POST /apps/x/dynos')).toMatchObject({ attach: false, command: 'seed' });
  });

  it.skipIf(!hasScript)('on a terminal asks for one, is raw, and restores the terminal', async () => {
    let frames: readonly ClientFrame[] = [];
    tfkd.onAttach((client) => {
      frames = client.frames;
      client.send({ kind: 'stdout', data: Buffer.from('prompt> ') });
      client.onFrame((frame) => {
        // Ctrl-C is a byte in raw mode: it must reach the command, and must not end the CLI.
        if (frame.kind === 'stdin' && frame.data.includes(3)) client.exit(5);
      });
    });
    const line = `stty cols 101 rows 33; ${cliCommand(['run', '-a', 'x', 'bash'])}; echo "code $?"; stty -a`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], {
      env: { ...process.env, TFK_HOME: tfkd.home, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      if (!shown.includes('prompt>') && (shown + chunk.toString()).includes('prompt>'))
        terminal.stdin.write('\x03');
      shown += chunk.toString();
    });
    await new Promise((resolve) => terminal.once('close', resolve));
    expect(shown).toContain('code 5');
    expect(shown).toMatch(/[^-]icanon/);
    expect(tfkd.sent('POST /apps/x/dynos')).toMatchObject({
      terminal: { columns: 101, rows: 33 },
      env: { TERM: 'xterm-256color' },
    });
    expect(frames[0]).toEqual({ kind: 'resize', columns: 101, rows: 33 });
  });
});

describe('pg:psql', () => {
  /** Where this script is found as psql. */
  function pathWithPsql(script: string): string {
    const bin = join(tfkd.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'psql'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${bin}:${process.env['PATH'] ?? ''}`;
  }

  it('gives the password to psql in its environment, never in its arguments', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: { DATABASE_URL: 'postgres://u:s3cret@127.0.0.1:5433/db' } });
    const env = { PATH: pathWithPsql('echo "args: $*"\nenv | grep ^PG | sort\ncat\nexit 3') };
    const ended = await runCli(['pg:psql', '-a', 'x'], { home: tfkd.home, env, stdin: 'select 1' });
    expect(ended).toEqual({
      code: 3,
      stdout: 'args: \nPGDATABASE=db\nPGHOST=127.0.0.1\nPGPASSWORD=s3cret\nPGPORT=5433\nPGUSER=u\nselect 1',
      stderr: '',
    });
  });

  it('reaches a database in a container, whose name only containers know, by its address on this machine', async () => {
    const name = 'postgres-calm-1';
    tfkd.on('GET /apps/x/config-vars', { json: { DATABASE_URL: `postgres://u:p@${name}:5432/db` } });
    const details = {
      name,
      config_vars: ['DATABASE_URL'],
      local_address: { host: '127.0.0.1', port: 23_456 },
    };
    tfkd.on('GET /tfk/apps/x/addons/DATABASE_URL', { json: details });
    const env = { PATH: pathWithPsql('echo "$PGHOST $PGPORT $PGDATABASE"') };
    const ended = await runCli(['pg:psql', '-a', 'x'], { home: tfkd.home, env });
    expect(ended).toMatchObject({ code: 0, stdout: '127.0.0.1 23456 db\n' });
  });

  it('reaches an add-on that containers share by its address on this machine', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: { DATABASE_URL: 'postgres://u:p@172.17.0.1:5433/db' } });
    const details = {
      name: 'pg-1',
      config_vars: ['DATABASE_URL'],
      local_address: { host: 'localhost', port: 5433 },
    };
    tfkd.on('GET /tfk/apps/x/addons/DATABASE_URL', { json: details });
    const env = { PATH: pathWithPsql('echo "$PGHOST $PGPORT $PGDATABASE"') };
    expect(await runCli(['pg:psql', '-a', 'x'], { home: tfkd.home, env })).toMatchObject({
      stdout: 'localhost 5433 db\n',
    });
  });

  it('is not led to another server by the shell’s own variables', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: { DATABASE_URL: 'postgres://u:p@127.0.0.1:5433/db' } });
    const elsewhere = { PGHOSTADDR: '192.0.2.1', PGSERVICE: 'production', PGHOST: 'production' };
    const env = { ...elsewhere, PATH: pathWithPsql('env | grep -E "HOST|SERVICE"') };
    expect(await runCli(['pg:psql', '-a', 'x'], { home: tfkd.home, env })).toMatchObject({
      stdout: 'PGHOST=127.0.0.1\n',
    });
  });

  it('without a database says how to get one', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: {} });
    const ended = await runCli(['pg:psql', '-a', 'x'], { home: tfkd.home });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('Type: tfk addons:create postgres -a x');
  });

  it('falls back to its own console where there is no psql', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/db' } });
    const ended = await runCli(['pg:psql', '-a', 'x', '-c', 'select 1'], {
      home: tfkd.home,
      env: { PATH: '/nonexistent' },
    });
    expect(ended.stderr).toContain('The database does not answer');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s names commands and options', async (shell) => {
    const { stdout } = await runCli(['completion', shell], { home: tfkd.home });
    expect(stdout).toContain('config');
    expect(stdout).toContain(shell === 'fish' ? '-l json' : '--json');
  });

  it('completes in a real bash', async () => {
    const { stdout } = await runCli(['completion', 'bash'], { home: tfkd.home });
    const complete = (line: string): string[] => {
      const script = `${stdout}\nCOMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDBREAKS=$' \\t:'; _tfk; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(complete('tfk rel')).toContain('releases');
    expect(complete('tfk config:s')).toEqual(['set']);
    expect(complete('tfk logs --ta')).toEqual(['--tail']);
  });
});
