import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli, startCli } from './run-cli.js';

let tfkd: FakeTfkd;

beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
});
afterEach(async () => {
  await tfkd.stop();
});

const tfk = (words: string, extra: { stdin?: string; env?: Record<string, string>; cwd?: string } = {}) =>
  runCli(words.split(' '), { home: tfkd.home, ...extra });

const release = (version: number, change: object = {}) => ({
  id: `00000000-0000-4000-8000-00000000000${version}`,
  version,
  status: 'succeeded',
  description: 'Deploy',
  current: true,
  eligible_for_rollback: true,
  created_at: '2026-01-01T00:00:00Z',
  output_stream_url: null,
  slug: { id: 's' },
  user: { email: 'a@b.c' },
  addon_plan_names: [],
  message: null,
  ...change,
});

describe('data and progress', () => {
  it('go to stdout and stderr', async () => {
    tfkd.on('PATCH /apps/x/formation', { json: [{ type: 'web', quantity: 4, size: 'Standard-2X' }] });
    const ended = await tfk('scale web=4 -a x');
    expect(ended).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Scaling dynos... done, now running web at 4:Standard-2X\n',
    });
    expect(tfkd.sent('PATCH /apps/x/formation')).toEqual({ updates: [{ type: 'web', quantity: '4' }] });
  });

  it('are JSON where that is asked for', async () => {
    const apps = [{ name: 'one', maintenance: false }];
    tfkd.on('GET /users/~/apps', { json: apps }).on('GET /apps', { json: apps });
    const ended = await tfk('apps --json');
    expect(JSON.parse(ended.stdout)).toEqual(apps);
    expect(ended.stderr).toBe('');
  });

  it('have colours only where they are forced', async () => {
    tfkd.on('GET /apps', { json: [{ name: 'one' }] }).on('GET /account', { json: { email: 'a@b.c' } });
    expect((await tfk('apps')).stdout).toBe('=== a@b.c Apps\n\none\n\n');
    expect((await tfk('apps', { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b[');
    expect((await tfk('apps', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toContain('\x1b[');
  });

  it('follow the pages of a list', async () => {
    tfkd.on('GET /apps', ({ headers }) =>
      headers.range === undefined
        ? { status: 206, json: [{ name: 'one' }], headers: { 'next-range': 'name ]one..; max=1' } }
        : { json: [{ name: 'two' }] },
    );
    tfkd.on('GET /account', { json: { email: 'a@b.c' } });
    expect((await tfk('apps')).stdout).toContain('one\ntwo\n');
  });

  it('end quietly when nobody reads on', async () => {
    tfkd.on('GET /apps', { json: Array.from({ length: 20_000 }, (_, n) => ({ name: `app-number-${n}` })) });
    tfkd.on('GET /account', { json: { email: 'a@b.c' } });
    const cli = startCli(['apps'], { home: tfkd.home });
    cli.process.stdout.once('data', () => cli.process.stdout.destroy());
    expect((await cli.ended).stderr).toBe('');
  });
});

describe('what goes wrong', () => {
  it('is told in the words of tfkd, with what to type, exit code 1', async () => {
    const json = {
      id: 'not_found',
      message: 'No app is named user-api.',
      hint: 'Type: tfk apps',
      suggestions: ['users-api'],
    };
    tfkd.on('GET /tfk/apps/user-api/dynos', { status: 404, json });
    expect(await tfk('ps -a user-api')).toEqual({
      code: 1,
      stdout: '',
      stderr: ' !    No app is named user-api.\n !    Did you mean users-api?\n !    Type: tfk apps\n',
    });
  });

  it('is shown with control characters as escapes', async () => {
    tfkd.on('GET /tfk/apps/x/dynos', {
      status: 422,
      json: { id: 'invalid_params', message: 'bad \x1b[2J\x9b name' },
    });
    expect((await tfk('ps -a x')).stderr).toBe(' !    bad \\x1b[2J\\x9b name\n');
  });

  it('marks the step that failed', async () => {
    tfkd.on('PATCH /apps/x/formation', {
      status: 422,
      json: { id: 'invalid_params', message: 'No type nosuch.' },
    });
    expect((await tfk('scale nosuch=1 -a x')).stderr).toBe(
      'Scaling dynos... failed\n !    No type nosuch.\n',
    );
  });

  it.each([
    ['pss', 'pss is no tfk command.'],
    ['ps --nosuch', "Unknown option '--nosuch'."],
    ['scale web=-1 -a x', 'web=-1 does not say how many dynos'],
    ['scale web=abc -a x', 'web=abc does not say how many dynos'],
    ['ps', 'Which app?'],
    ['config:set A -a x', 'A is not KEY=value.'],
    ['apps:destroy -a x --confirm y', '--confirm y does not name x'],
    ['logs -s nowhere -a x', 'nowhere is no source of log lines.'],
  ])('in "%s" is wrong usage: exit code 2, nothing asked of tfkd but reading', async (words, message) => {
    tfkd.on('GET /apps/x', { json: { name: 'x' } }).on('GET /apps/x/addons', { json: [] });
    const ended = await tfk(words);
    expect(ended.stderr).toContain(message);
    expect(ended.code).toBe(2);
    expect(tfkd.requests().every((request) => request.startsWith('GET '))).toBe(true);
  });

  it('is asked again once when tfkd dies in the middle of an answer', async () => {
    let asked = 0;
    tfkd.on('GET /apps', (_, reply) => {
      asked += 1;
      if (asked > 1) return { json: [] };
      reply.destroy();
      return undefined;
    });
    tfkd.on('GET /account', { json: { email: 'a@b.c' } });
    expect(await tfk('apps --json')).toMatchObject({ code: 0 });
    expect(asked).toBe(2);
  });

  it('is not hidden when tfkd dies in the middle', async () => {
    tfkd.on('GET /tfk/apps/x/dynos', (_, reply) => {
      reply.destroy();
      return undefined;
    });
    const ended = await tfk('ps -a x');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('The connection to tfkd');
    expect(ended.stderr).toContain('tfk daemon status');
  });
});

describe('the app', () => {
  const named = async (options: { env?: Record<string, string>; cwd?: string }, words = 'ps') => {
    await tfk(words, options);
    return tfkd.requests().at(-1);
  };

  it('is named by -a, TFK_APP or .tfk/app of a folder above', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tfk-app-'));
    mkdirSync(join(folder, '.tfk'));
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, '.tfk', 'app'), 'by-folder\n');
    const cwd = join(folder, 'sub');
    expect(await named({ cwd })).toBe('GET /tfk/apps/by-folder/dynos');
    expect(await named({ cwd, env: { TFK_APP: 'by-env' } })).toBe('GET /tfk/apps/by-env/dynos');
    expect(await named({ cwd, env: { TFK_APP: 'by-env' } }, 'ps -a by-option')).toBe(
      'GET /tfk/apps/by-option/dynos',
    );
    rmSync(folder, { recursive: true });
  });
});

describe('config', () => {
  const vars = { LANG: 'en', MULTI: 'a\nb' };

  it('is shown aligned, for a shell, or one value as it is', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: vars });
    expect((await tfk('config -a x')).stdout).toBe('=== ⬢ x Config Vars\n\nLANG:  en\nMULTI: a\\nb\n');
    expect((await tfk('config -s -a x')).stdout).toBe("LANG=en\nMULTI='a\nb'\n");
    expect((await tfk('config:get MULTI -a x')).stdout).toBe('a\nb\n');
  });

  it('a var that is not there fails with the likely one', async () => {
    tfkd.on('GET /apps/x/config-vars', { json: vars });
    const ended = await tfk('config:get LNAG -a x');
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain('Did you mean LANG?');
  });

  it('is set from a .env file on stdin, and tells the release', async () => {
    let version = 3;
    tfkd.on('GET /apps/x/releases', () => ({ json: [release(version)] }));
    tfkd.on('PATCH /apps/x/config-vars', () => {
      version = 4;
      return { json: { ...vars, A: '1' } };
    });
    const ended = await tfk('config:set - -a x', { stdin: '# c\nA=1\n' });
    expect(ended).toEqual({
      code: 0,
      stdout: 'A: 1\n',
      stderr: 'Setting A and restarting ⬢ x... done, v4\n',
    });
    expect(tfkd.sent('PATCH /apps/x/config-vars')).toEqual({ A: '1' });
  });

  it('that is set to what it is says that nothing changed', async () => {
    tfkd.on('GET /apps/x/releases', { json: [release(3)] }).on('PATCH /apps/x/config-vars', { json: vars });
    expect((await tfk('config:set LANG=en -a x')).stderr).toBe(
      'Setting LANG and restarting ⬢ x... done, nothing changed\n',
    );
  });

  it('whose release command fails ends with 1, its output and what still runs', async () => {
    let newest = [release(3)];
    tfkd.on('GET /apps/x/releases', () => ({ json: newest }));
    tfkd.on('PATCH /apps/x/config-vars', () => {
      const url = '/tfk/releases/secret/output';
      newest = [release(4, { status: 'pending', current: false, output_stream_url: url }), release(3)];
      return { json: vars };
    });
    tfkd.on('GET /tfk/releases/secret/output', (_, reply) => {
      reply.end('\0migrating\nboom\n');
      return undefined;
    });
    tfkd.on('GET /apps/x/releases/4', {
      json: release(4, { status: 'failed', message: 'The release command ended with code 1.' }),
    });
    const ended = await tfk('config:set LANG=de -a x');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('Running release command...\nmigrating\nboom\n');
    expect(ended.stderr).toContain(
      ' !    v4 failed: The release command ended with code 1.\n !    v3 still runs, as before.',
    );
  });

  it('is edited in the editor, and only what differs is sent', async () => {
    const editor = join(tfkd.home, 'editor.sh');
    writeFileSync(
      editor,
      '#!/bin/sh\nsed -i -e "s/^LANG=.*/LANG=de/" -e "/^MULTI/,\\$d" "$1"\necho "NEW=1" >> "$1"\n',
      { mode: 0o755 },
    );
    let version = 3;
    tfkd.on('GET /apps/x/config-vars', { json: vars });
    tfkd.on('GET /apps/x/releases', () => ({ json: [release(version)] }));
    tfkd.on('PATCH /apps/x/config-vars', () => {
      version = 4;
      return { json: {} };
    });
    const ended = await tfk('config:edit -a x', { env: { EDITOR: editor } });
    expect(ended.stderr).toContain('  ~ LANG\n  + NEW\n  - MULTI\n');
    expect(tfkd.sent('PATCH /apps/x/config-vars')).toEqual({ LANG: 'de', NEW: '1', MULTI: null });
  });
});

describe('rollback', () => {
  it('goes to the second that is eligible, and waits until it is live', async () => {
    const failed = release(5, { current: false, eligible_for_rollback: false, status: 'failed' });
    tfkd.on('GET /apps/x/releases', { json: [failed, release(4), release(3, { current: false })] });
    tfkd.on('POST /apps/x/releases', { status: 201, json: release(6) });
    tfkd.on('GET /tfk/apps/x/rollout', {
      json: { status: 'live', release: 6, message: null, types: [], url: 'http://x.localhost:8080/' },
    });
    const ended = await tfk('rollback -a x');
    expect(tfkd.sent('POST /apps/x/releases')).toEqual({ release: release(3).id });
    expect(ended.stderr).toContain('Rolling back ⬢ x to v3... done, v6\n');
    expect(ended.stderr).toContain('▸    To undo, run: tfk rollback v4 -a x');
    expect(ended.stdout).toMatch(/^v6 is live after .* at http:\/\/x\.localhost:8080\/\n$/);
  });
});

describe('destroying', () => {
  it('tells what will be lost, and does nothing without --confirm', async () => {
    const addon = { id: 'a1', name: 'pg-1', plan: { name: 'postgres:local' }, app: { name: 'x' } };
    tfkd.on('GET /apps/x', { json: { name: 'x' } }).on('GET /apps/x/addons', { json: [addon] });
    const attachments = ['x', 'y'].map((name) => ({ name: 'DATABASE', addon: { id: 'a1' }, app: { name } }));
    tfkd.on('GET /addon-attachments', { json: attachments });
    const ended = await tfk('apps:destroy -a x');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('With it goes pg-1 (postgres:local) and all its data, also for y.');
    expect(ended.stderr).toContain('Type: tfk apps:destroy -a x --confirm x');
    expect(tfkd.requests()).not.toContain('DELETE /apps/x');
  });

  it('is done with it', async () => {
    tfkd
      .on('GET /apps/x', { json: { name: 'x' } })
      .on('GET /apps/x/addons', { json: [] })
      .on('DELETE /apps/x', {});
    const ended = await tfk('apps:destroy -a x --confirm x');
    expect(ended).toMatchObject({ code: 0, stderr: 'Destroying ⬢ x... done\n' });
  });
});

describe('a login by a browser', () => {
  const login = {
    code: 'WDJB-MJHT',
    description: 'Heroku CLI login from\u001b[2J laptop',
    created_at: '2026-01-02T03:04:05Z',
    expires_at: '2026-01-02T03:13:05Z',
  };

  it('is shown before it is approved, which takes a word of the user', async () => {
    tfkd.on('GET /tfk/logins/WDJB-MJHT', { json: login });
    const asked = await tfk('auth:approve WDJB-MJHT');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toMatch(/"Heroku CLI login from.* laptop" asks for a token of yours/);
    expect(asked.stderr).not.toContain('\u001b[2J');
    expect(asked.stderr).toContain('nothing was approved');
    expect(asked.stderr).toContain('tfk auth:approve WDJB-MJHT --yes');
    tfkd.on('POST /tfk/logins/WDJB-MJHT/actions/approve', { json: login });
    expect(await tfk('auth:approve WDJB-MJHT --yes')).toMatchObject({ code: 0 });
  });
});

describe('add-ons', () => {
  const addon = { id: 'a1', name: 'pg-1', app: { id: 'x1', name: 'x' }, plan: { name: 'postgres:local' } };

  it('are destroyed with --confirm; a DELETE carries its body', async () => {
    tfkd.on('POST /actions/addons/resolve', { json: [addon] }).on('GET /apps/x', { json: { name: 'x' } });
    tfkd.on('GET /addon-attachments', { json: [] });
    tfkd.on('DELETE /apps/x1/addons/a1', { json: { ...addon, state: 'deprovisioned' } });
    const ended = await tfk('addons:destroy DATABASE --confirm x');
    expect(ended).toMatchObject({ code: 0, stderr: 'Destroying pg-1 on ⬢ x... done\n' });
    expect(tfkd.sent('DELETE /apps/x1/addons/a1')).toEqual({ force: false });
  });

  it('are renamed, given another plan, waited for and documented', async () => {
    const full = {
      ...addon,
      addon_service: { name: 'heroku-postgresql' },
      state: 'provisioning',
      config_vars: ['DATABASE_URL'],
      provision_message: '',
      web_url: null,
    };
    tfkd.on('POST /actions/addons/resolve', { json: [full] }).on('GET /addons/pg-1', { json: full });
    tfkd.on('PATCH /apps/x1/addons/a1', { json: { ...full, name: 'main-db' } });
    expect((await tfk('addons:rename pg-1 main-db')).stdout).toBe('pg-1 successfully renamed to main-db.\n');
    expect(tfkd.sent('PATCH /apps/x1/addons/a1')).toEqual({ name: 'main-db' });
    const upgraded = await tfk('addons:upgrade pg-1 heroku-postgresql:standard-0 -a x');
    expect(upgraded.stderr).toBe(
      'Changing pg-1 on ⬢ x from postgres:local to heroku-postgresql:standard-0... done, free\n',
    );
    expect(tfkd.sent('PATCH /apps/x1/addons/a1')).toEqual({ plan: { name: 'heroku-postgresql:standard-0' } });
    expect(await tfk('addons:upgrade pg-1 -a x')).toMatchObject({ code: 2 });
    tfkd.on('GET /apps/x1/addons/a1', { json: { ...full, state: 'provisioned' } });
    expect(await tfk('addons:wait DATABASE -a x')).toMatchObject({
      stdout: 'Created pg-1 as DATABASE_URL\n',
      stderr: 'Creating pg-1... done\n',
    });
    expect(await tfk('addons:open pg-1 -a x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('pg-1 has no page: it is a server on this machine.') as string,
    });
    tfkd.on('GET /addon-services/postgres', { json: { name: 'heroku-postgresql' } });
    expect((await tfk('addons:docs postgres --show-url')).stdout).toBe(
      'https://devcenter.heroku.com/articles/heroku-postgresql\n',
    );
  });

  it('show each fact once, as the add-on says it', async () => {
    const details = {
      ...addon,
      state: 'provisioned',
      config_vars: ['DATABASE_URL'],
      created_at: '2020-01-01T00:00:00Z',
      facts: [
        ['Plan', 'postgres:local'],
        ['Status', 'Available'],
      ],
    };
    tfkd.on('GET /tfk/apps/x/addons/DATABASE', { json: details });
    expect((await tfk('addons:info DATABASE -a x')).stdout).toBe(
      [
        '=== pg-1',
        '',
        'Owning app:  x',
        'Config vars: DATABASE_URL',
        'Created:     2020/01/01 00:00:00 +0000',
        'Plan:        postgres:local',
        'Status:      Available',
        '',
      ].join('\n'),
    );
  });
});

describe('buildpacks and stacks', () => {
  const node = { buildpack: { name: 'heroku/nodejs', url: 'https://x/nodejs.tgz' }, ordinal: 0 };
  const path = '/apps/x/buildpack-installations';

  it('are listed, set, added, removed and cleared', async () => {
    tfkd.on(`GET ${path}`, { json: [] }).on(`PUT ${path}`, { json: [node] });
    expect((await tfk('buildpacks -a x')).stdout).toBe('x has no Buildpacks.\n');
    expect(await tfk('buildpacks:set heroku/nodejs -a x')).toMatchObject({
      stdout: 'Buildpack set. Next release on x will use heroku/nodejs.\n',
      stderr: 'Type tfk push to create a new release using this buildpack.\n',
    });
    expect(tfkd.sent(`PUT ${path}`)).toEqual({ updates: [{ buildpack: 'heroku/nodejs' }] });
    tfkd.on(`GET ${path}`, { json: [node] });
    expect((await tfk('buildpacks -a x')).stdout).toBe('=== ⬢ x Classic Buildpack\n\nheroku/nodejs\n');
    await tfk('buildpacks:add heroku/procfile -i 1 -a x');
    expect(tfkd.sent(`PUT ${path}`)).toEqual({
      updates: [{ buildpack: 'heroku/procfile' }, { buildpack: 'https://x/nodejs.tgz' }],
    });
    await tfk('buildpacks:set ./mine -a x');
    expect(tfkd.sent(`PUT ${path}`)).toEqual({
      updates: [{ buildpack: expect.stringMatching(/^\/.*[^.]\/mine$/) as string }],
    });
    expect(await tfk('buildpacks:remove heroku/ruby -a x')).toMatchObject({ code: 2 });
    tfkd.on(`PUT ${path}`, { json: [] });
    expect((await tfk('buildpacks:remove heroku/nodejs -a x')).stdout).toBe(
      'Buildpack removed. Next release on x will detect buildpacks normally.\n',
    );
    expect(tfkd.sent(`PUT ${path}`)).toEqual({ updates: [] });
    expect((await tfk('buildpacks:clear -a x')).stdout).toBe(
      'Buildpacks cleared. Next release on x will detect buildpacks normally.\n',
    );
  });

  it('are what the next build goes by', async () => {
    const app = { name: 'x', build_stack: { name: 'container' } };
    tfkd.on('GET /apps/x', { json: app }).on('PATCH /apps/x', { json: app });
    tfkd.on('GET /stacks', { json: [{ name: 'heroku-24' }, { name: 'container' }] });
    expect((await tfk('stack -a x')).stdout).toBe('=== ⬢ x Available Stacks\n\n  heroku-24\n* container\n');
    expect((await tfk('stack:set container -a x')).stderr).toContain('Setting stack to container... done\n');
    expect(tfkd.sent('PATCH /apps/x')).toEqual({ build_stack: 'container' });
  });
});

describe('container:release', () => {
  const path = 'PATCH /apps/x/formation';
  beforeEach(() => {
    tfkd.on(path, { json: [] }).on('GET /apps/x/releases', { json: [release(3)] });
    tfkd.on('GET /tfk/apps/x/rollout', {
      json: { status: 'live', message: null, types: [], url: 'http://x.localhost:8080/' },
    });
  });

  it('sends the images that are named, else those which are tagged as on Heroku', async () => {
    const ended = await tfk('container:release web=a:1 worker=sha256:1 clock -a x');
    expect(ended.stderr).toBe('Releasing images web and worker and clock to ⬢ x... done, v3\n');
    expect(ended.stdout).toMatch(/^v3 is live after .* at http:\/\/x\.localhost:8080\/\n$/);
    expect(tfkd.sent(path)).toEqual({
      updates: [
        { type: 'web', docker_image: 'a:1' },
        { type: 'worker', docker_image: 'sha256:1' },
        { type: 'clock', docker_image: 'registry.heroku.com/x/clock' },
      ],
    });
  });

  it('sends one image for all that name none', async () => {
    await tfk('container:release web worker=b --image a -a x');
    expect(tfkd.sent(path)).toEqual({
      updates: [
        { type: 'web', docker_image: 'a' },
        { type: 'worker', docker_image: 'b' },
      ],
    });
  });

  it.each(['web=', '=a'])('is not for %s', async (typed) => {
    expect(await tfk(`container:release ${typed} -a x`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is not a process type with an image') as string,
    });
  });
});

describe('the daemon', () => {
  it('that does not run is not started by status: exit code 1', async () => {
    await tfkd.die();
    const ended = await tfk('daemon status');
    expect(ended).toMatchObject({ code: 1, stdout: `tfkd does not run (home ${tfkd.home}).\n` });
  });

  it('over TCP is asked with the token, and never started', async () => {
    const env = { TFK_URL: 'http://127.0.0.1:1', TFK_TOKEN: 't' };
    const ended = await tfk('apps', { env });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('No tfkd answers at http://127.0.0.1:1.');
  });

  it('is stopped with its progress shown', async () => {
    tfkd.on('GET /tfk/health', { json: { status: 'ok' } });
    tfkd.on('POST /tfk/shutdown', (_, reply) => {
      reply.end('{"message":"Stopping 2 dynos"}\n{"message":"Stopping the router"}\n');
      return undefined;
    });
    const ended = await tfk('daemon stop');
    expect(ended.stderr).toBe('Stopping 2 dynos\nStopping the router\ntfkd has stopped.\n');
    expect(tfkd.sent('POST /tfk/shutdown')).toEqual({ scope: 'everything' });
    await tfk('daemon:stop --keep-apps');
    expect(tfkd.sent('POST /tfk/shutdown')).toEqual({ scope: 'daemon' });
  });

  it('shows the end of its log', async () => {
    mkdirSync(join(tfkd.home, 'run'));
    writeFileSync(join(tfkd.home, 'run', 'tfkd.log'), 'one\ntwo\nthree\n');
    expect((await tfk('daemon logs -n 2')).stdout).toBe('two\nthree\n');
  });
});

describe('the version', () => {
  it('is that of the package, known without tfkd', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await tfk('--version')).stdout).toBe(
      `tfk/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
    );
    expect(tfkd.seen).toEqual([]);
  });
});
