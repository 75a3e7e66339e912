import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli, startCli } from './run-cli.js';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n';
const OTHER = '-----BEGIN CERTIFICATE-----\ntheirs\n-----END CERTIFICATE-----\n';

let tfkd: FakeTfkd;
let made: number;

beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  made = 0;
  const authorization = (number: number, description: string): object => ({
    id: `id-${number}`,
    description,
    created_at: `2026-01-01T00:00:${String(number % 60).padStart(2, '0')}Z`,
    access_token: { token: `tfk_${number}` },
  });
  const newest = (description: string): object => ({
    ...authorization(100, description),
    created_at: '2026-02-01T00:00:00Z',
  });
  const older = Array.from({ length: 55 }, (_, index) => authorization(index, 'tfk heroku:env'));
  tfkd
    .on('GET /tfk/info', { json: { api: { port: 4299 } } })
    .on('GET /tfk/authority', {
      json: { certificate: CERTIFICATE, path: '/home/tls/ca.crt', expires_at: '' },
    })
    .on('GET /oauth/authorizations', () => ({
      json: [
        ...older,
        authorization(999, 'of somebody else'),
        ...(made === 1 ? [newest('tfk heroku:env')] : []),
      ],
    }))
    .on('POST /oauth/authorizations', ({ body }) => {
      const { description } = JSON.parse(body.toString()) as { description: string };
      made += 1;
      return { status: 201, json: newest(description) };
    });
  for (let id = 0; id <= 100; id++) tfkd.on(`DELETE /oauth/authorizations/id-${id}`, { json: {} });
});
afterEach(async () => {
  await tfkd.stop();
});

/** A `heroku` on the PATH of its own. */
function installHeroku(script: string): string {
  const folder = join(tfkd.home, 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'heroku'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'heroku'), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

const deleted = (): string[] => tfkd.requests().filter((request) => request.startsWith('DELETE '));

describe('heroku:env', () => {
  it('makes a token, and revokes those of shells that are long gone', async () => {
    const { code, stdout } = await runCli(['heroku:env'], { home: tfkd.home });
    expect(code).toBe(0);
    expect(stdout).toContain("export HEROKU_HOST='http://127.0.0.1:4299'\n");
    expect(stdout).toContain("export HEROKU_API_KEY='tfk_100'\n");
    expect(stdout).toContain("export NODE_EXTRA_CA_CERTS='/home/tls/ca.crt'\n");
    expect(made).toBe(1);
    expect(deleted()).toEqual([5, 4, 3, 2, 1, 0].map((id) => `DELETE /oauth/authorizations/id-${id}`));
  });

  it('puts what Node trusted before into one file with the authority', async () => {
    const other = join(tfkd.home, 'other.crt');
    writeFileSync(other, OTHER);
    const first = await runCli(['heroku:env', '--json'], {
      home: tfkd.home,
      env: { NODE_EXTRA_CA_CERTS: other },
    });
    const { NODE_EXTRA_CA_CERTS: bundle = '' } = JSON.parse(first.stdout) as Record<string, string>;
    expect(readFileSync(bundle, 'utf8')).toBe(`${OTHER}${CERTIFICATE}`);
    const again = await runCli(['heroku:env', '--json'], {
      home: tfkd.home,
      env: { NODE_EXTRA_CA_CERTS: bundle },
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ NODE_EXTRA_CA_CERTS: bundle });
  });

  it('knows sh and fish', async () => {
    expect((await runCli(['heroku:env', '--shell', 'tcsh'], { home: tfkd.home })).code).toBe(2);
    const { stdout } = await runCli(['heroku:env', '--shell', 'fish'], { home: tfkd.home });
    expect(stdout).toContain("set -gx HEROKU_HOST 'http://127.0.0.1:4299'\n");
  });
});

describe('heroku --', () => {
  it('runs what is installed in that environment, answers its exit code, and revokes its token', async () => {
    const path = installHeroku('echo "$HEROKU_HOST $HEROKU_API_KEY $*"; exit 7');
    const ended = await runCli(['heroku', '--', 'run', '-a', 'x', '--', 'ls'], {
      home: tfkd.home,
      env: { PATH: path },
    });
    expect(ended).toEqual({ code: 7, stdout: 'http://127.0.0.1:4299 tfk_100 run -a x -- ls\n', stderr: '' });
    expect(deleted()).toEqual(['DELETE /oauth/authorizations/id-100']);
  });

  it('passes signals on, and ends as it does', async () => {
    const path = installHeroku("trap 'echo stopped; exit 3' TERM; echo ready; while :; do sleep 0.1; done");
    const cli = startCli(['heroku', '--', 'logs', '--tail'], { home: tfkd.home, env: { PATH: path } });
    await cli.says('ready');
    cli.process.kill('SIGTERM');
    expect(await cli.ended).toMatchObject({ code: 3, stdout: 'ready\nstopped\n' });
  });

  it('says how to install it where there is none', async () => {
    const ended = await runCli(['heroku', '--', 'apps'], { home: tfkd.home, env: { PATH: tfkd.home } });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('npm install --global heroku');
    expect(deleted()).toHaveLength(1);
  });
});
