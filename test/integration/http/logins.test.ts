import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BegunLogin, Login } from '../../../api/index.js';
import { Logins } from '../../../daemon/http/logins.js';
import type { Server } from '../../../daemon/http/server.js';
import { systemClock, type Clock } from '../../../daemon/shared/clock.js';
import { ACTOR, openBench, type Bench } from './support.js';

const host = 'localhost';
const MINUTE = 60_000;

/** Whoever sleeps longer than a heartbeat is woken by `pass`. */
class HurriedClock implements Clock {
  private time = Date.now();
  private readonly sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.time;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.sleepers.push({ until: this.time + ms, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  pass(ms: number): void {
    this.time += ms;
    for (const { until, wake } of this.sleepers) if (until <= this.time) wake();
  }
}

let bench: Bench;
let socket: Server;
let tcp: Server;
let clock: HurriedClock;
beforeEach(async () => {
  bench = await openBench();
  clock = new HurriedClock();
  const logins = new Logins(clock);
  socket = bench.server({ logins });
  tcp = bench.server({ trusted: false, logins, clock: { ...systemClock, now: () => clock.now() } });
});
afterEach(() => bench.close());

const asStranger = (url: string, options: InjectOptions = {}) =>
  tcp.app.inject({ url, ...options, headers: { host, ...options.headers } });
const begin = async (description = 'Heroku CLI login from laptop'): Promise<BegunLogin> =>
  (await asStranger('/auth', { method: 'POST', payload: { description } })).json<BegunLogin>();
const codeOf = ({ browser_url }: BegunLogin): string => browser_url.split('/').at(-1) ?? '';
const approve = (code: string, server = socket, headers = {}) =>
  server.app.inject({ method: 'POST', url: `/tfk/logins/${code}/actions/approve`, headers });
const tokens = () => bench.services.account.tokens();

describe('a login by a browser', () => {
  it('gets a token of whoever approves its code, once', async () => {
    const begun = await begin();
    expect(codeOf(begun)).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const waiting = asStranger(begun.cli_url, { headers: { authorization: `Bearer ${begun.token}` } });
    const code = codeOf(begun).toLowerCase().replace('-', '');
    expect((await socket.app.inject(`/tfk/logins/${code}`)).json<Login>().code).toBe(codeOf(begun));
    expect(tokens()).toEqual([]);
    const approved = await approve(code);
    expect([approved.statusCode, approved.json<Login>().description]).toEqual([
      200,
      'Heroku CLI login from laptop',
    ]);
    const reply = await waiting;
    expect(reply.headers['content-type']).toBe('application/json');
    const { access_token } = reply.json<{ access_token: string }>();
    const account = await asStranger('/account', { headers: { authorization: `Bearer ${access_token}` } });
    expect(account.json<{ email: string }>().email).toBe(ACTOR);
    expect(tokens()).toMatchObject([{ description: 'Heroku CLI login from laptop', scope: ['global'] }]);
    expect(Number(tokens()[0]?.expiresAt) - clock.now()).toBe(30 * 24 * 60 * MINUTE);
    expect((await approve(code)).statusCode).toBe(404);
    expect((await asStranger(begun.cli_url)).statusCode).toBe(404);
    expect(tokens()).toHaveLength(1);
  });

  it('gets one, not two, where two come for it', async () => {
    const begun = await begin();
    const both = [asStranger(begun.cli_url), asStranger(begun.cli_url)];
    await approve(codeOf(begun));
    const bodies = (await Promise.all(both)).map((reply) => Object.keys(reply.json<object>()));
    expect(bodies.flat().sort()).toEqual(['access_token', 'error']);
    expect(tokens()).toHaveLength(1);
  });

  it('is the approver’s own, where another user approves it', async () => {
    const begun = await begin();
    const waiting = asStranger(begun.cli_url);
    const as = (scope: string) => ({
      host,
      authorization: `Bearer ${bench.token('bob@example.com', [scope])}`,
    });
    expect((await approve(codeOf(begun), tcp, as('write-protected'))).statusCode).toBe(403);
    expect((await approve(codeOf(begun), tcp, as('global'))).statusCode).toBe(200);
    const { access_token } = (await waiting).json<{ access_token: string }>();
    const account = await asStranger('/account', { headers: { authorization: `Bearer ${access_token}` } });
    expect(account.json<{ email: string }>().email).toBe('bob@example.com');
  });

  it('gives nothing to who knows only the code, or nothing', async () => {
    const begun = await begin();
    expect((await approve(codeOf(begun), tcp, { host })).statusCode).toBe(401);
    expect((await asStranger(`/tfk/logins/${codeOf(begun)}`)).statusCode).toBe(401);
    for (const secret of [codeOf(begun), 'x', ''])
      expect((await asStranger(`/auth/cli/${secret}`)).statusCode).toBeGreaterThanOrEqual(400);
    const page = await asStranger(begun.browser_url);
    expect(page.body).not.toContain(begun.token);
    expect(
      (await asStranger('/auth', { method: 'POST', headers: { origin: 'http://evil.example' } })).statusCode,
    ).toBe(403);
    expect(tokens()).toEqual([]);
  });

  it('shows a page that says what to type, and takes no words of the client for its own', async () => {
    const begun = await begin('<script>alert("x")</script> & more');
    const page = await asStranger(begun.browser_url);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/);
    expect(page.body).toContain(`tfk auth:approve ${codeOf(begun)}`);
    expect(page.body).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; more');
    expect(page.body).not.toContain('<script');
    expect((await asStranger('/auth/browser/BCDF-GHJK')).statusCode).toBe(404);
  });

  it('that nobody approves ends with words that Heroku’s CLI prints', async () => {
    const begun = await begin();
    const waiting = asStranger(begun.cli_url);
    await new Promise(setImmediate);
    clock.pass(9 * MINUTE);
    expect((await waiting).json()).toEqual({
      error: 'Nobody approved this login in time. Try again, or: heroku login -i',
    });
    expect((await approve(codeOf(begun))).statusCode).toBe(404);
    expect(tokens()).toEqual([]);
  });

  it('ends with tfkd', async () => {
    const begun = await begin();
    const waiting = asStranger(begun.cli_url);
    await new Promise(setImmediate);
    await tcp.app.close();
    expect((await waiting).body).not.toContain('access_token');
    expect((await approve(codeOf(begun))).statusCode).toBe(404);
  });

  it('waits beside nineteen others and no more, until they end', async () => {
    for (let count = 0; count < 20; count += 1) void asStranger((await begin()).cli_url);
    const refused = await asStranger('/auth', { method: 'POST', payload: {} });
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '60']);
    expect(refused.json<{ message: string }>().message).toMatch(/heroku login -i$/);
    clock.pass(9 * MINUTE);
    await new Promise(setImmediate);
    expect((await asStranger('/auth', { method: 'POST', payload: {} })).statusCode).toBe(201);
  });

  it('is not kept out by many whose clients wait for nothing', async () => {
    const mine = await begin();
    const waiting = asStranger(mine.cli_url);
    await new Promise(setImmediate);
    const dropped = await begin();
    for (let count = 0; count < 30; count += 1) await begin();
    expect((await approve(codeOf(dropped))).statusCode).toBe(404);
    expect((await approve(codeOf(mine))).statusCode).toBe(200);
    expect((await waiting).json()).toHaveProperty('access_token');
  });
});
