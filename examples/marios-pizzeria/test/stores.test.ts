import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kitchen } from '../src/kitchen.js';
import { goRound } from '../src/rounds.js';
import { KINDS, silent, type TestStore } from './stores.js';

const handle = kitchen(silent, 0);
const never = new AbortController().signal;

for (const { name, options, make } of KINDS) {
  const check = (what: string, work: (at: TestStore) => Promise<void>) =>
    test(`${name}: ${what}`, options, async () => {
      const at = await make();
      try {
        await work(at);
      } finally {
        await at.remove();
      }
    });

  check('an order is placed, baked by its event, and found', async ({ store, another }) => {
    const { id } = await store.place({ customer: 'Luigi', pizzas: ['funghi', 'napoli'] });
    assert.equal((await another().find(id))?.status, 'placed');
    const kinds: string[] = [];
    while (
      await store.consume(async (event) => {
        kinds.push(event.kind);
        return handle(event);
      })
    );
    assert.deepEqual(kinds, ['order.placed', 'order.ready']);
    const order = await store.find(id);
    assert.deepEqual([order?.status, order?.pizzas], ['ready', ['funghi', 'napoli']]);
    assert.ok(order?.readyAt instanceof Date);
  });

  check('three workers handle thirty orders, each event once', async ({ store, another }) => {
    for (let n = 0; n < 30; n++) await store.place({ customer: `c${n}`, pizzas: ['napoli'] });
    const seen: string[] = [];
    const worker = async (own: typeof store) => {
      while (
        await own.consume(async (event) => {
          seen.push(`${event.order.id} ${event.kind}`);
          return handle(event);
        })
      );
    };
    await Promise.all([worker(store), worker(another()), worker(another())]);
    // One that found nothing may have ended before another's last event was there.
    await worker(store);
    assert.equal(seen.length, 60);
    assert.equal(new Set(seen).size, 60);
  });

  check('an event whose handling failed comes again, and changes nothing before', async ({ store }) => {
    const { id } = await store.place({ customer: 'Peach', pizzas: ['diavola'] });
    await assert.rejects(
      store.consume(async () => {
        throw new Error('the oven is cold');
      }),
    );
    assert.equal((await store.find(id))?.status, 'placed');
    assert.equal(await store.consume(handle), true);
    assert.equal((await store.find(id))?.status, 'ready');
  });

  check('late orders are told once, and reported', async ({ store }) => {
    await store.place({ customer: 'Toad', pizzas: ['napoli', 'napoli'] });
    const later = new Date(Date.now() + 60_000);
    assert.equal(await store.markLate(later), 1);
    assert.equal(await store.markLate(later), 0);
    assert.deepEqual(await store.report(new Date(0), later), { orders: 1, pizzas: 2, late: 1 });
    const kinds: string[] = [];
    while (await store.consume(async ({ kind }) => (kinds.push(kind), {})));
    assert.deepEqual(kinds, ['order.placed', 'order.late']);
  });

  check('of two schedulers one goes the rounds, and one report is made a day', async ({ store, another }) => {
    const reports: unknown[] = [];
    const log = Object.assign(Object.create(silent) as typeof silent, {
      info: (fields: unknown) => void reports.push(fields),
    });
    const common = { log, intervalMs: 20_000, lateAfterMinutes: 30 };
    const one = { ...common, store, holder: 'one' };
    const two = { ...common, store: another(), holder: 'two' };
    const now = new Date();
    assert.deepEqual([await goRound(one, now), await goRound(two, now)], [true, false]);
    assert.equal(await goRound(one, new Date(now.getTime() + 1)), true);
    assert.equal(reports.length, 1);
  });

  check('a lease that ran out goes to another', async ({ store, another }) => {
    assert.equal(await store.lease('oven', 'one', 1), true);
    await store.news(20, never);
    assert.equal(await another().lease('oven', 'two', 60_000), true);
    assert.equal(await store.lease('oven', 'one', 60_000), false);
  });

  check('migrations run once', async ({ another }) => {
    assert.deepEqual(await another().migrate(), []);
  });
}

const postgres = KINDS.find(({ name }) => name === 'postgres');
test('postgres: a new order wakes a worker that waits', postgres?.options ?? {}, async () => {
  const at = await postgres?.make();
  assert.ok(at);
  const waiting = at.store.news(20_000, never);
  const began = Date.now();
  // The first may come before the worker listens.
  const placing = setInterval(() => void at.another().place({ customer: 'Yoshi', pizzas: ['napoli'] }), 50);
  await waiting;
  clearInterval(placing);
  assert.ok(Date.now() - began < 10_000);
  await at.remove();
});
