import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificates.js';
import { Installation } from '../support/installation.js';
import { HerokuCli } from './heroku-cli.js';

describe('Heroku’s CLI, with apps and what belongs to them', () => {
  const installation = new Installation({ TFK_EMAIL: 'ada@example.com' });
  let heroku: HerokuCli;

  beforeAll(async () => {
    await installation.ok('daemon:start');
    heroku = await HerokuCli.of(installation);
    await heroku.ok('apps:create', 'shop', '--no-remote');
  });
  afterAll(async () => {
    heroku.remove();
    await installation.remove();
  });

  const json = async <T>(...args: string[]): Promise<T> =>
    JSON.parse(await heroku.ok(...args, '--json')) as T;

  it('makes, shows, renames, compares and destroys apps', async () => {
    const created = await heroku.succeeds('apps:create', 'billing', '--region', 'us', '--no-remote');
    expect(created.stderr).toContain('Creating billing... done, region is us');
    expect(created.stdout).toMatch(
      /http:\/\/billing\.localhost:\d+\/ \| https:\/\/127\.0\.0\.1:\d+\/billing\.git/,
    );
    expect(await heroku.ok('apps')).toMatch(/=== ada@example\.com Apps\n\nbilling\nshop/);
    expect(await heroku.ok('apps', '--all')).toContain('billing');
    const info = await heroku.ok('apps:info', '-a', 'billing');
    expect(info).toMatch(/^=== billing$/m);
    expect(info).toMatch(/^Owner: +ada@example\.com$/m);
    expect(info).toMatch(/^Stack: +heroku-24$/m);
    expect((await json<{ app: { name: string } }>('apps:info', '-a', 'billing')).app.name).toBe('billing');
    expect(await heroku.ok('apps:info', '--shell', '-a', 'billing')).toContain('owner=ada@example.com');
    const renamed = await heroku.succeeds('apps:rename', 'invoices', '-a', 'billing');
    expect(renamed.stderr).toContain('Renaming billing to invoices... done');
    await heroku.ok('config:set', 'ONLY=here', '-a', 'invoices');
    expect(await heroku.ok('apps:diff', 'shop', 'invoices')).toContain('config (ONLY)');
    const refused = await heroku.run('apps:destroy', '-a', 'invoices', '--confirm', 'shop');
    expect(refused.code).toBe(1);
    expect(
      (await heroku.succeeds('apps:destroy', '-a', 'invoices', '--confirm', 'invoices')).stderr,
    ).toContain('Destroying invoices (including all add-ons)... done');
    const gone = await heroku.run('apps:info', '-a', 'invoices');
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain('Error ID: not_found');
  });

  it('opens an app in the browser', async () => {
    const [browser, opened] = [join(heroku.folder, 'browser'), join(heroku.folder, 'opened')];
    writeFileSync(browser, `#!/bin/sh\necho "$1" > ${opened}\n`, { mode: 0o755 });
    const ran = await heroku.runWith({ env: { BROWSER: browser } }, 'apps:open', '/users', '-a', 'shop');
    expect(ran.code).toBe(0);
    await expect
      .poll(() => existsSync(opened) && readFileSync(opened, 'utf8'), { timeout: 10_000 })
      .toMatch(/^http:\/\/shop\.localhost:\d+\/users\n$/);
    heroku.note('apps:open');
  });

  it('invents a name, and asks before it destroys', async () => {
    const created = await heroku.succeeds('create', '--no-remote');
    const [, name = ''] =
      /Creating ([a-z0-9-]+)\.\.\. done/.exec(created.stderr) ?? /⬢ ([a-z0-9-]+)/.exec(created.stderr) ?? [];
    const [, made = name] = /http:\/\/([a-z0-9-]+)\.localhost/.exec(created.stdout) ?? [];
    const destroyed = await heroku.onTerminal(
      [{ prompt: /To proceed, type/, answer: `${made}\r` }],
      'destroy',
      '-a',
      made,
    );
    expect(destroyed.code, destroyed.stdout).toBe(0);
    expect(await heroku.ok('apps')).not.toContain(made);
  });

  it('refuses what is not there or taken, with the text of the API', async () => {
    const taken = await heroku.run('create', 'shop');
    expect(taken).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/name shop is taken[\s\S]*Error ID: invalid_params/) as string,
    });
    const bad = await heroku.run('create', 'No_Good');
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Error ID: invalid_params') as string,
    });
    const misspelt = await heroku.run('config', '-a', 'shoq');
    expect(misspelt.stderr).toMatch(/There is no app "shoq"\.\s+Did you mean shop\?/);
    const unknown = await heroku.run('webhooks:info', 'nosuch', '-a', 'shop');
    expect(unknown.stderr).toMatch(/List\s+them:\s+heroku\s+webhooks\s+-a\s+shop/);
    const revoked = await heroku.runWith({ env: { HEROKU_API_KEY: 'tfk_wrong' } }, 'apps');
    expect(revoked.code).toBe(1);
    expect(revoked.stderr).toMatch(/token.*invalid/i);
  });

  it('shows stacks and regions', async () => {
    expect(await heroku.ok('apps:stacks', '-a', 'shop')).toContain('* heroku-24');
    expect(await heroku.ok('regions')).toMatch(/us/);
    await heroku.ok('apps:stacks:set', 'heroku-24', '-a', 'shop');
    expect((await heroku.run('stack:set', 'heroku-1', '-a', 'shop')).code).toBe(2);
  });

  it('turns maintenance on and off', async () => {
    expect((await heroku.succeeds('maintenance:on', '-a', 'shop')).stderr).toContain(
      'Enabling maintenance mode for shop... done',
    );
    expect(await heroku.ok('maintenance', '-a', 'shop')).toBe('on\n');
    await heroku.ok('maintenance:off', '-a', 'shop');
    expect(await heroku.ok('maintenance', '-a', 'shop')).toBe('off\n');
  });

  it('adds, shows, updates and removes domains and certificates', async () => {
    const { certificate, key } = makeCertificate({ names: ['www.example.com'] });
    writeFileSync(join(heroku.folder, 'server.crt'), certificate);
    writeFileSync(join(heroku.folder, 'server.key'), key);
    const added = await heroku.succeeds('certs:add', 'server.crt', 'server.key', '-a', 'shop');
    expect(added.stdout + added.stderr).toContain('www.example.com');
    const [endpoint] = await json<{ name: string }[]>('certs', '-a', 'shop').catch(async () => {
      const listed = await heroku.ok('certs', '-a', 'shop');
      return [{ name: /^ *([a-z]+-\d+)/m.exec(listed)?.[1] ?? '' }];
    });
    const name = endpoint?.name ?? '';
    expect(await heroku.ok('certs:info', '-a', 'shop')).toMatch(/www\.example\.com/);
    expect((await heroku.succeeds('domains:add', 'www.example.com', '-a', 'shop')).stderr).toContain(
      'Adding www.example.com to shop... done',
    );
    await heroku.ok('domains:update', 'www.example.com', '--cert', name, '-a', 'shop');
    expect(await heroku.ok('domains', '-a', 'shop')).toContain('www.example.com');
    expect(await heroku.ok('domains:info', 'www.example.com', '-a', 'shop')).toMatch(
      /hostname: +www\.example\.com/,
    );
    await heroku.ok('domains:wait', '-a', 'shop');
    await heroku.ok(
      'certs:update',
      'server.crt',
      'server.key',
      '--name',
      name,
      '-a',
      'shop',
      '--confirm',
      'shop',
    );
    await heroku.ok('certs:remove', '--name', name, '-a', 'shop', '--confirm', 'shop');
    await heroku.ok('certs:auto:enable', '-a', 'shop');
    await heroku.ok('certs:auto', '-a', 'shop');
    await heroku.ok('certs:auto:refresh', '-a', 'shop');
    await heroku.ok('certs:auto:disable', '-a', 'shop', '--confirm', 'shop');
    await heroku.ok('domains:remove', 'www.example.com', '-a', 'shop');
    await heroku.ok('domains:add', '*.example.org', '-a', 'shop');
    await heroku.ok('domains:clear', '-a', 'shop');
    expect(await heroku.ok('domains', '-a', 'shop')).not.toContain('example.org');
    expect((await heroku.run('domains:add', 'not a domain', '-a', 'shop')).code).toBe(2);
  });

  it('lets others in and out', async () => {
    expect((await heroku.succeeds('access:add', 'bob@example.com', '-a', 'shop')).stderr).toContain(
      'Adding bob@example.com access to the app shop... done',
    );
    const listed = await heroku.ok('access', '-a', 'shop');
    expect(listed).toMatch(/ada@example\.com +owner/);
    expect(listed).toMatch(/bob@example\.com +collaborator/);
    await heroku.ok('access:remove', 'bob@example.com', '-a', 'shop');
    expect(await heroku.ok('access', '-a', 'shop')).not.toContain('bob@');
  });

  it('logs in by a browser, once a user of the machine has approved it', async () => {
    const environment = {
      HEROKU_API_KEY: '',
      HEROKU_NETRC_WRITE: 'true',
      HEROKU_TESTING_HEADLESS_LOGIN: '1',
    };
    const approve = async (shown: string): Promise<string> => {
      const [address, code = ''] = /http:\/\/127\.0\.0\.1:\d+\/auth\/browser\/([A-Z-]+)/.exec(shown) ?? [];
      expect(await (await fetch(address ?? '')).text()).toContain(`tfk auth:approve ${code}`);
      await installation.ok('auth:approve', code, '--yes');
      return '';
    };
    const login = await heroku.onTerminalWith(
      environment,
      [
        { prompt: /Press any key/, answer: 'x' },
        { prompt: /Waiting for login/, answer: approve },
      ],
      'login',
    );
    expect(login.stdout).toContain('Logged in as ada@example.com');
    expect(await heroku.runWith({ env: environment }, 'auth:whoami')).toMatchObject({
      code: 0,
      stdout: 'ada@example.com\n',
    });
    expect(await installation.ok('authorizations')).toContain('Heroku CLI login from');
    expect((await heroku.runWith({ env: environment }, 'logout')).code).toBe(0);
    expect(await installation.ok('authorizations')).not.toContain('Heroku CLI login from');
  });

  it('says who is logged in, logs in by prompts, and out', async () => {
    expect(await heroku.ok('auth:whoami')).toBe('ada@example.com\n');
    expect((await heroku.ok('auth:token')).trim()).toBe(heroku.environment['HEROKU_API_KEY']);
    const token = (await installation.ok('auth:token')).trim();
    const login = await heroku.onTerminalWith(
      { HEROKU_API_KEY: '', HEROKU_NETRC_WRITE: 'true' },
      [
        { prompt: /Email/, answer: 'ada@example.com\r' },
        { prompt: /Password/, answer: `${token}\r` },
      ],
      ...['login', '-i'],
    );
    expect(login.stdout).toContain('Logged in as ada@example.com');
    heroku.note('auth:login');
    expect(readFileSync(join(heroku.folder, 'home', '.netrc'), 'utf8')).toContain('127.0.0.1');
    const loggedIn = await heroku.runWith(
      { env: { HEROKU_API_KEY: '', HEROKU_NETRC_WRITE: 'true' } },
      'auth:whoami',
    );
    expect(loggedIn).toMatchObject({ code: 0, stdout: 'ada@example.com\n' });
    const out = await heroku.runWith({ env: { HEROKU_API_KEY: '', HEROKU_NETRC_WRITE: 'true' } }, 'logout');
    expect(out.code, out.stderr).toBe(0);
    heroku.note('auth:logout');
    const after = await heroku.runWith(
      { env: { HEROKU_API_KEY: '', HEROKU_NETRC_WRITE: 'true' } },
      'auth:whoami',
    );
    expect(after.code).toBe(100);
  });

  it('makes, shows, rotates and revokes authorizations', async () => {
    const made = await json<{ id: string; access_token: { token: string } }>(
      'authorizations:create',
      '-d',
      'for CI',
      '-s',
      'read',
    );
    expect(await heroku.ok('authorizations')).toContain('for CI');
    expect(await heroku.ok('authorizations:info', made.id)).toContain('for CI');
    await heroku.ok('authorizations:update', made.id, '-d', 'for nightly CI');
    const reading = { env: { HEROKU_API_KEY: made.access_token.token } };
    expect((await heroku.runWith(reading, 'apps')).code).toBe(0);
    const refused = await heroku.runWith(reading, 'apps:create', 'not-allowed', '--no-remote');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Error ID: forbidden') as string,
    });
    await heroku.ok('authorizations:rotate', made.id);
    expect((await heroku.runWith(reading, 'apps')).code).toBe(1);
    await heroku.ok('authorizations:revoke', made.id);
    expect(await heroku.ok('authorizations')).not.toContain('nightly');
  });

  it('sets buildpacks', async () => {
    await heroku.ok('buildpacks:set', 'heroku/nodejs', '-a', 'shop');
    expect(await heroku.ok('buildpacks', '-a', 'shop')).toContain('heroku/nodejs');
    await heroku.ok('buildpacks:remove', 'heroku/nodejs', '-a', 'shop');
    await heroku.ok('buildpacks:add', 'heroku/nodejs', '-a', 'shop');
    await heroku.ok('buildpacks:add', 'https://example.com/x.git#v1', '--index', '1', '-a', 'shop');
    expect(await heroku.ok('buildpacks', '-a', 'shop')).toMatch(
      /1\. https:\/\/example\.com\/x\.git#v1\s+2\. heroku\/nodejs/,
    );
    await heroku.ok('buildpacks:clear', '-a', 'shop');
    expect(await heroku.ok('buildpacks', '-a', 'shop')).toContain('has no Buildpack');
    expect(await heroku.ok('buildpacks:search', 'nodejs')).toContain('heroku/nodejs');
    expect(await heroku.ok('buildpacks:info', 'heroku/nodejs')).toContain('heroku/nodejs');
    expect(await heroku.ok('buildpacks:versions', 'heroku/nodejs')).toMatch(/\d/);
  });

  it('adds and removes drains', async () => {
    const url = 'syslog+tls://logs.example.com:6514';
    expect((await heroku.succeeds('drains:add', url, '-a', 'shop')).stdout).toContain(
      `Successfully added drain ${url}`,
    );
    expect(await heroku.ok('drains', '-a', 'shop')).toMatch(
      /syslog\+tls:\/\/logs\.example\.com:6514 \(d\.[0-9a-f-]+\)/,
    );
    expect((await heroku.succeeds('drains:remove', url, '-a', 'shop')).stdout).toContain(
      `Successfully removed drain ${url}`,
    );
  });

  describe('with somebody who listens', () => {
    const bodies: string[] = [];
    let receiver: Server;
    beforeAll(async () => {
      receiver = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.on('end', () => {
          bodies.push(body);
          response.end('ok');
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => receiver.close());

    it('sends webhooks', async () => {
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
      await heroku.ok('webhooks:add', '-i', 'api:release,api:app', '-l', 'sync', '-u', url, '-a', 'shop');
      const listed = await heroku.ok('webhooks', '-a', 'shop');
      const [id = ''] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(listed) ?? [];
      expect(await heroku.ok('webhooks:info', id, '-a', 'shop')).toContain(url);
      await heroku.ok('webhooks:update', id, '-i', 'api:release', '-l', 'sync', '-u', url, '-a', 'shop');
      await heroku.ok('config:set', 'HOOKED=1', '-a', 'shop');
      await expect
        .poll(() => bodies.some((body) => body.includes('"release"')), { timeout: 30_000 })
        .toBe(true);
      await expect
        .poll(() => heroku.ok('webhooks:deliveries', '-a', 'shop'), { timeout: 30_000 })
        .toContain('succeeded');
      const [delivery = ''] =
        /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await heroku.ok('webhooks:deliveries', '-a', 'shop')) ?? [];
      expect(await heroku.ok('webhooks:deliveries:info', delivery, '-a', 'shop')).toContain('Event Payload');
      const [event = ''] =
        /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await heroku.ok('webhooks:events', '-a', 'shop')) ?? [];
      await heroku.ok('webhooks:events:info', event, '-a', 'shop');
      await heroku.ok('webhooks:remove', id, '-a', 'shop');
      expect(await heroku.ok('webhooks', '-a', 'shop')).toContain('has no webhooks');
    });
  });

  it('says of what means nothing here that it means nothing, and what to use', async () => {
    expect((await heroku.run('teams')).code).toBe(0);
    heroku.note('teams');
    for (const args of [['spaces'], ['spaces:create', 'mine', '--team', 'us'], ['members', '-t', 'us']]) {
      const ran = await heroku.run(...args);
      expect(ran.code, args.join(' ')).toBe(2);
      expect(ran.stderr, args.join(' ')).toMatch(/Error ID: \w+/);
    }
  });
});
