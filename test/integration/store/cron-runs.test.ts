import { expect, it } from 'vitest';
import { Apps } from '../../../daemon/release/apps.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';

it('the history of a job keeps what ran, however often it was skipped since', () => {
  const store = Store.open(tempHome());
  const app = new Apps(store, systemClock, () => undefined, 'process').create({ name: 'shop', actor: 'a@b' });
  const run = (at: number, status: 'failed' | 'skipped'): string => {
    const id = newId();
    const job = { appId: app.id, jobId: 'job', command: 'true' };
    expect(store.cronRuns.insert({ ...job, id, scheduledAt: at, createdAt: at })).toBe(true);
    store.cronRuns.end(id, { status, endedAt: at, exitCode: null, reason: null });
    return id;
  };
  const failed = run(1, 'failed');
  for (let at = 2; at < 80; at++) run(at, 'skipped');
  const kept = store.cronRuns.list(app.id);
  expect(kept).toHaveLength(51);
  expect(kept.at(-1)).toMatchObject({ id: failed, status: 'failed' });
  store.close();
});
