import { expect, it } from 'vitest';
import { RoutePublisher, type RouterPort } from '../../../daemon/run/route-publisher.js';
import type { Store } from '../../../daemon/store/store.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const APP = { id: 'a1', name: 'shop', maintenance: true, destroyedAt: null };
const store = {
  apps: { list: () => [APP] },
  releases: { current: () => undefined },
  formation: { list: () => [] },
  domains: { list: () => [] },
  dynos: { list: () => [] },
} as unknown as Store;

/** A publisher whose router acknowledges when it is told to; `over`: who waited for the routes waits no more. */
function waiting(publish: () => Promise<unknown>) {
  const router = { publish } as unknown as RouterPort;
  const clock = new VirtualClock(0);
  const waited = { over: false };
  void new RoutePublisher(store, router, clock).inForce().then(() => (waited.over = true));
  return { clock, waited };
}

it('a changed route is waited for until every router worker has it', async () => {
  let acknowledge: () => void = () => undefined;
  const { clock, waited } = waiting(() => new Promise<void>((resolve) => (acknowledge = resolve)));
  await clock.passUntil(4_000);
  expect(waited.over).toBe(false);
  acknowledge();
  await expect.poll(() => waited.over).toBe(true);
});

it.each([
  ['does not answer', () => new Promise(() => undefined)],
  ['refuses it', () => Promise.reject(new Error('no'))],
])('a router that %s keeps nobody', async (_how, publish) => {
  const { clock, waited } = waiting(publish);
  await clock.passUntil(6_000);
  expect(waited.over).toBe(true);
});
