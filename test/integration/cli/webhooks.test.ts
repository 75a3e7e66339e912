import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const ID = '01234567-89ab-cdef-0123-456789abcdef';
const URL = 'https://example.com/hooks';
const webhook = { id: ID, url: URL, include: ['api:release', 'api:build'], level: 'notify' };
const delivery = {
  id: ID,
  created_at: '2026-01-02T03:04:05.000Z',
  status: 'retrying',
  event: { id: ID, include: 'api:release' },
  webhook: { id: ID, level: 'sync' },
  num_attempts: 3,
  last_attempt: { code: null, error_class: 'Timeout' },
  next_attempt_at: '2026-01-02T04:04:05.000Z',
};
const payload = {
  resource: 'release',
  action: 'create',
  published_at: '2026-01-02T03:04:05.000Z',
  data: { version: 3 },
};

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
});
afterEach(() => tfkd.stop());
const tfk = (words: string) => runCli(words.split(' '), { home: tfkd.home });

describe('webhooks', () => {
  it('are added, and their secret is shown', async () => {
    const headers = { 'heroku-webhook-secret': 'shown-once' };
    tfkd.on('POST /apps/x/webhooks', { status: 201, json: webhook, headers });
    const ended = await tfk(`webhooks:add -i api:release,api:build -l notify -u ${URL} -t Bearer1 -a x`);
    expect(ended).toEqual({
      code: 0,
      stdout: '=== Webhooks Signing Secret\n\nshown-once\n',
      stderr: 'Adding webhook to ⬢ x... done\n',
    });
    const { include, level, url } = webhook;
    expect(tfkd.sent('POST /apps/x/webhooks')).toEqual({ include, level, url, authorization: 'Bearer1' });
  });

  it('are not added by halves', async () => {
    const ended = await tfk('webhooks:add -i api:release -a x');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('needs --include, --level and --url');
    expect(tfkd.requests()).toEqual([]);
  });

  it('are listed, shown, changed and removed', async () => {
    tfkd
      .on('GET /apps/x/webhooks', { json: [webhook] })
      .on(`GET /apps/x/webhooks/${ID}`, { json: webhook })
      .on(`PATCH /apps/x/webhooks/${ID}`, { json: webhook })
      .on(`DELETE /apps/x/webhooks/${ID}`, { json: webhook });
    const [head, , row] = (await tfk('webhooks -a x')).stdout.split('\n');
    expect(head).toMatch(/^Webhook ID +URL +Include +Level$/);
    expect(row).toMatch(`${ID}  ${URL}  api:release,api:build  notify`);
    expect((await tfk(`webhooks:info ${ID} -a x`)).stdout).toContain('Level:      notify');
    expect((await tfk(`webhooks:update ${ID} -l sync -a x`)).code).toBe(0);
    expect(tfkd.sent(`PATCH /apps/x/webhooks/${ID}`)).toEqual({ level: 'sync' });
    expect((await tfk(`webhooks:remove ${ID} -a x`)).stderr).toBe(
      `Removing webhook ${ID} from ⬢ x... done\n`,
    );
  });

  it('that are none say how to add one', async () => {
    tfkd.on('GET /apps/x/webhooks', { json: [] });
    expect((await tfk('webhooks -a x')).stderr).toBe(
      '⬢ x has no webhooks\nUse tfk webhooks:add to add one.\n',
    );
  });
});

describe('deliveries and events', () => {
  it('are listed with what became of them, the newest last', async () => {
    let range: string | undefined;
    tfkd.on('GET /apps/x/webhook-deliveries', ({ headers }) => {
      range = headers.range;
      return { json: [delivery, { ...delivery, status: 'succeeded', last_attempt: { code: 200 } }] };
    });
    const [head, , first, second] = (await tfk('webhooks:deliveries -a x')).stdout.split('\n');
    expect(range).toBe('seq ..; order=desc,max=1000');
    expect(head).toMatch(
      /^Delivery ID +Created +Status +Include +Level +Attempts +Code +Error +Next Attempt$/,
    );
    expect(first).toMatch(/succeeded +api:release +sync +3 +200/);
    expect(second).toMatch(/retrying +api:release +sync +3 +Timeout +2026-01-02T04:04:05.000Z$/);
  });

  it('are shown with what they tell', async () => {
    const event = { id: ID, include: 'api:release', payload };
    tfkd
      .on(`GET /apps/x/webhook-deliveries/${ID}`, { json: delivery })
      .on('GET /apps/x/webhook-events', { json: [event] })
      .on(`GET /apps/x/webhook-events/${ID}`, { json: event });
    const shown = (await tfk(`webhooks:deliveries:info ${ID} -a x`)).stdout;
    expect(shown).toMatch(/Error: +Timeout\n/);
    expect(shown).toContain(`=== Event Payload\n\n${JSON.stringify(payload, null, 2)}\n`);
    expect((await tfk('webhooks:events -a x')).stdout).toMatch(/release +create +2026-01-02T03:04:05.000Z/);
    expect((await tfk(`webhooks:events:info ${ID} -a x`)).stdout).toContain('"version": 3');
  });
});
