import { expect, it } from 'vitest';
import { rolloutStatus, type RolloutFacts } from '../../../daemon/run/rollout-status.js';
import type { ReleaseRecord } from '../../../daemon/store/releases.js';
import { aDyno } from '../../support/snapshots.js';

const release = (version: number): ReleaseRecord => ({
  id: `r${version}`,
  appId: 'app',
  version,
  description: 'Deploy',
  userEmail: 'ada',
  slugId: 'slug',
  config: {},
  bindings: [],
  processTypes: { web: 'run' },
  createdAt: 0,
  updatedAt: 0,
  status: 'succeeded',
  outputSecret: null,
  message: null,
});

const mine = aDyno({ instance: 'new', releaseId: 'r2', releaseVersion: 2, state: 'up' });
const older = aDyno({ instance: 'old', releaseId: 'r1', releaseVersion: 1, state: 'up' });
const serving = new Map<string, 'serving' | 'draining'>([['new', 'serving']]);

const status = (change: Partial<RolloutFacts>) =>
  rolloutStatus({
    release: release(2),
    current: release(2),
    formation: [{ type: 'web', quantity: 1 }],
    dynos: [mine],
    routed: (instance) => serving.get(instance) ?? 'none',
    ...change,
  });

it('is live when its dynos are ready, and alone have the requests', () => {
  expect(status({}).status).toBe('live');
  const draining = { ...older, state: 'draining' as const };
  const routed = (instance: string) => (instance === 'old' ? ('draining' as const) : ('serving' as const));
  expect(status({ dynos: [draining, mine], routed }).status).toBe('live');
});

it('is pending while an older dyno may still get a request', () => {
  expect(status({ dynos: [older, mine] })).toMatchObject({
    status: 'pending',
    message: 'web.1 of v1 is still there',
  });
  const told = { ...older, state: 'draining' as const };
  expect(status({ dynos: [told, mine], routed: () => 'serving' }).status).toBe('pending');
});

it('is pending while the router does not know its dynos', () => {
  expect(status({ routed: () => 'none' })).toMatchObject({
    status: 'pending',
    message: 'web.1 gets no requests yet',
  });
});
