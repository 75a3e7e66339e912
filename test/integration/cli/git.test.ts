import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

let tfkd: FakeTfkd;
let folder: string;
const quiet = { HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  tfkd.on('GET /tfk/info', { json: { api: { port: 4321, socket: '' } } });
  for (const name of ['demo', 'other']) tfkd.on(`GET /apps/${name}`, { json: { name } });
  folder = join(tfkd.home, 'checkout');
  mkdirSync(folder);
  git('init', '-q');
});
afterEach(() => tfkd.stop());

function git(...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...quiet },
  }).trim();
}

const tfk = (words: string, more: { stdin?: string; env?: Record<string, string>; cwd?: string } = {}) =>
  runCli(words.split(' '), { home: tfkd.home, cwd: folder, ...more, env: { ...quiet, ...more.env } });

describe('git:remote', () => {
  it('writes the remote and whom to ask for the password, here alone and without a secret', async () => {
    const ended = await tfk('git:remote -a demo');
    expect(ended).toMatchObject({
      code: 0,
      stdout: 'set git remote tfk to http://127.0.0.1:4321/demo.git\n',
    });
    expect(git('remote', 'get-url', 'tfk')).toBe('http://127.0.0.1:4321/demo.git');
    const helpers = git('config', '--get-all', 'credential.http://127.0.0.1:4321.helper');
    expect(helpers).toMatch(/^!TFK_URL= TFK_HOME='.*' '.*node' '.*cli\/main\.js' git:credentials$/);
    expect(readFileSync(join(folder, '.git', 'config'), 'utf8')).toMatch(/helper = ?\n\thelper = "?!/);
  });

  it('twice, for another app or under another name, leaves one of each', async () => {
    await tfk('git:remote -a demo');
    await tfk('git:remote -a other');
    await tfk('git:remote -a demo -r staging');
    expect(
      git('remote', '-v')
        .split('\n')
        .filter((line) => line.endsWith('(push)')),
    ).toEqual([
      'staging\thttp://127.0.0.1:4321/demo.git (push)',
      'tfk\thttp://127.0.0.1:4321/other.git (push)',
    ]);
    expect(git('config', '--get-all', 'credential.http://127.0.0.1:4321.helper').split('\n')).toHaveLength(1);
  });

  it('names the app for the commands that follow', async () => {
    await tfk('git:remote -a demo -r heroku');
    expect((await tfk('git:remote')).stdout).toMatch(/demo\.git/);
  });

  it('takes no name that git would take for an option', async () => {
    expect(await tfk('git:remote -a demo --remote=--upload-pack=x')).toMatchObject({ code: 2 });
  });

  it('outside of a repository says so', async () => {
    const ended = await tfk('git:remote -a demo', { cwd: '/' });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/no git repository/);
  });
});

describe('git:credentials', () => {
  const asked = (host: string) => `protocol=http\nhost=${host}\nwwwauth[]=Basic realm="tfk"\n\n`;
  const made = { id: 'new', access_token: { token: 'secret-1', expires_in: 3600 } };

  it('get answers a token of an hour, and takes away its own that have expired', async () => {
    const old = (id: string, description: string, expires_in: number | null) => ({
      id,
      description,
      access_token: { token: '', expires_in },
    });
    tfkd
      .on('GET /oauth/authorizations', {
        json: [
          old('1', 'tfk git:credentials', 0),
          old('2', 'tfk git:credentials', 60),
          old('3', 'mine', 0),
          old('4', 'tfk git:credentials', null),
        ],
      })
      .on('POST /oauth/authorizations', { status: 201, json: made })
      .on('DELETE /oauth/authorizations/1', { json: {} });
    const ended = await tfk('git:credentials get', { stdin: asked('127.0.0.1:4321') });
    expect(ended.stdout).toMatch(/^username=tfk\npassword=secret-1\npassword_expiry_utc=\d{10}\n$/);
    expect(tfkd.requests().filter((request) => request.startsWith('DELETE'))).toEqual([
      'DELETE /oauth/authorizations/1',
    ]);
    expect(tfkd.sent('POST /oauth/authorizations')).toMatchObject({ expires_in: 3600 });
  });

  it.each(['github.com', '127.0.0.1:9999', '127.0.0.1:4321.evil.example'])(
    'get gives nothing to %s',
    async (host) => {
      const ended = await tfk('git:credentials get', { stdin: asked(host) });
      expect(ended).toMatchObject({ code: 0, stdout: '' });
      expect(ended.stderr).toMatch(/tfk git:remote/);
      expect(tfkd.requests()).toEqual(['GET /tfk/info']);
    },
  );

  it('get answers the given token for a tfkd elsewhere', async () => {
    const env = { TFK_URL: 'http://tfk.example:4270/', TFK_TOKEN: 'given' };
    const ended = await tfk('git:credentials get', { stdin: asked('tfk.example:4270'), env });
    expect(ended.stdout).toBe('username=tfk\npassword=given\n');
  });

  it.each(['store', 'erase'])('%s keeps nothing', async (action) => {
    const ended = await tfk(`git:credentials ${action}`, { stdin: asked('127.0.0.1:4321') });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(tfkd.requests()).toEqual([]);
  });
});

describe('the remotes of an app', () => {
  it('follow its new name, and go with it', async () => {
    await tfk('git:remote -a demo');
    git('remote', 'add', 'heroku', 'https://127.0.0.1:4321/demo.git');
    git('remote', 'add', 'origin', 'https://github.com/me/demo.git');
    tfkd.on('PATCH /apps/demo', { json: { name: 'better', web_url: null } });
    expect(await tfk('apps:rename better -a demo')).toMatchObject({ code: 0 });
    expect(git('remote', 'get-url', 'tfk')).toBe('http://127.0.0.1:4321/better.git');
    expect(git('remote', 'get-url', 'heroku')).toBe('https://127.0.0.1:4321/better.git');
    expect(git('remote', 'get-url', 'origin')).toBe('https://github.com/me/demo.git');
    tfkd
      .on('GET /apps/better', { json: { name: 'better' } })
      .on('GET /apps/better/addons', { json: [] })
      .on('DELETE /apps/better', { json: { name: 'better' } });
    expect(await tfk('apps:destroy -a better --confirm better')).toMatchObject({ code: 0 });
    expect(git('remote')).toBe('origin');
  });
});
