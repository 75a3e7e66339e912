import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppFeature } from '../../../api/index.js';
import { ACTOR, openBench, type Bench } from './support.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.pushedApp('shop');
});
afterAll(() => bench.close());

interface Answer {
  readonly status: number;
  readonly body: AppFeature & {
    readonly message: string;
    readonly resource: string;
    readonly suggestions: string[];
  };
}

/** As one of Heroku's clients: what to type next is in the message. */
async function ask(method: 'GET' | 'PATCH', url: string, payload?: object): Promise<Answer> {
  const server = bench.server();
  const reply = await server.app.inject({ method, url, ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, body: reply.json<Answer['body']>() };
}

const feature = (name: string) => `/apps/shop/features/${name}`;

describe('features of an app', () => {
  it('are those that are here, and those that Heroku’s clients ask for', async () => {
    const listed = (await ask('GET', '/apps/shop/features')).body as unknown as AppFeature[];
    expect(listed.map(({ name, enabled, state }) => [name, enabled, state])).toEqual([
      ['preboot', true, 'general'],
      ['runtime-dyno-metadata', true, 'public'],
      ['runtime-heroku-exec', false, 'general'],
    ]);
    expect(listed.every(({ feedback_email }) => feedback_email === ACTOR)).toBe(true);
  });

  it('are found by name and by id', async () => {
    const byName = (await ask('GET', feature('preboot'))).body;
    expect(byName).toMatchObject({ name: 'preboot', enabled: true });
    expect((await ask('GET', feature(byName.id))).body).toEqual(byName);
  });

  it('that are unknown are answered with what may be meant', async () => {
    const { status, body } = await ask('GET', feature('prebot'));
    expect(status).toBe(404);
    expect(body).toMatchObject({ resource: 'app_feature', suggestions: ['preboot'] });
    expect((await ask('PATCH', feature('x'), { enabled: true })).body.message).toMatch(
      /^shop has no feature "x"\. List them: heroku features -a shop$/,
    );
    expect((await ask('GET', '/apps/nosuch/features')).body.resource).toBe('app');
  });
});

describe('preboot', () => {
  it('is turned off and on for the reconciler to see, and tells since when', async () => {
    const before = (await ask('GET', feature('preboot'))).body;
    expect(before.updated_at).toBe(before.created_at);
    const off = await ask('PATCH', feature('preboot'), { enabled: false });
    expect(off).toMatchObject({ status: 200, body: { enabled: false } });
    expect(off.body.updated_at > before.updated_at).toBe(true);
    expect(bench.store.apps.find('shop')).toMatchObject({ preboot: false });
    expect((await ask('GET', feature('preboot'))).body).toEqual(off.body);

    const on = await ask('PATCH', feature(before.id), { enabled: true });
    expect(on).toMatchObject({ status: 200, body: { enabled: true } });
    expect(bench.store.apps.find('shop')).toMatchObject({ preboot: true });
    expect((await ask('PATCH', feature('preboot'), { enabled: true })).body).toEqual(on.body);
  });

  it.each([{}, { enabled: 'no' }, { enabled: null }, { enabled: false, only: 'web' }])(
    'stays as it is for a body such as %j',
    async (body) => {
      expect([400, 422]).toContain((await ask('PATCH', feature('preboot'), body)).status);
      expect(bench.store.apps.find('shop')).toMatchObject({ preboot: true });
    },
  );

  it('is each app’s own', async () => {
    await bench.pushedApp('billing');
    await ask('PATCH', '/apps/billing/features/preboot', { enabled: false });
    expect((await ask('GET', feature('preboot'))).body.enabled).toBe(true);
  });
});

describe('what cannot be turned on or off', () => {
  it('says why, and what to type', async () => {
    const metadata = await ask('PATCH', feature('runtime-dyno-metadata'), { enabled: false });
    expect(metadata.status).toBe(422);
    expect(metadata.body.message).toMatch(/is always on here.*Nothing was changed\..*tfk run -a shop env/);
    const exec = await ask('PATCH', feature('runtime-heroku-exec'), { enabled: true });
    expect(exec.status).toBe(422);
    expect(exec.body.message).toMatch(
      /Nothing was changed\..*heroku run:inside web\.1 bash -a shop, or tfk ps:exec web\.1 -a shop/,
    );
  });

  it('may be asked for as it is', async () => {
    for (const [name, enabled] of [
      ['runtime-dyno-metadata', true],
      ['runtime-heroku-exec', false],
    ] as const)
      expect(await ask('PATCH', feature(name), { enabled })).toMatchObject({
        status: 200,
        body: { enabled },
      });
  });
});

describe('an account', () => {
  it('has no features, so that Heroku’s clients go on to the app’s', async () => {
    expect((await ask('GET', '/account/features')).body).toEqual([]);
    for (const method of ['GET', 'PATCH'] as const) {
      const { status, body } = await ask(
        method,
        '/account/features/preboot',
        method === 'PATCH' ? { enabled: true } : undefined,
      );
      expect(status).toBe(404);
      expect(body.resource).toBe('account_feature');
      expect(body.message).toMatch(/each app has its own\. See them: heroku features -a APP$/);
    }
  });
});
