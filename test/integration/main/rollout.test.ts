import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { DynoHandle, LogBatch } from '../../../daemon/engines/engine.js';
import { Collector } from '../../../daemon/logs/collector.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { awaitRollout } from '../../../daemon/main/services/rollout.js';
import { Apps } from '../../../daemon/release/apps.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import type { ReleaseRecord } from '../../../daemon/store/releases.js';
import { Store } from '../../../daemon/store/store.js';
import { tempHome } from '../../support/temp-home.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const INSTANCE = '01234567-89ab-cdef-0123-456789abcdef';
const WHY = 'Error: no DATABASE_URL';

/** An app whose only dyno has just crashed; its engine gives its last line so late. */
function crashed(lastLineAfterMs: number) {
  const home = tempHome();
  const clock = new VirtualClock(1_000_000);
  const logger = createLogger('silent', 'test');
  const store = Store.open(home);
  const logs = new LogStore({ folder: join(home, 'logs'), clock, logger });
  const followLogs = async (
    _handle: DynoHandle,
    _cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> => {
    await clock.sleep(lastLineAfterMs, signal);
    if (signal.aborted) return;
    const line = { time: clock.now() * 1000, stream: 'stderr' as const, text: WHY };
    await deliver({ lines: [line], cursor: '1', lostBytes: 0 });
  };
  const collector = new Collector({ engine: { followLogs }, logs, clock, logger });
  onTestFinished(async () => {
    await collector.stop();
    logs.close();
    store.close();
  });
  const app = new Apps(store, clock, () => undefined, 'fake').create({ name: 'shop', actor: 'ada' });
  const release = store.releases.current(app.id) as ReleaseRecord;
  const handle: DynoHandle = { engine: 'fake', version: 1, instance: INSTANCE, address: null, data: {} };
  const dyno = { dyno: 'web.1', releaseVersion: release.version };
  store.dynos.insert({
    instance: INSTANCE,
    appId: app.id,
    name: 'web.1',
    type: 'web',
    kind: 'formation',
    releaseId: release.id,
    releaseVersion: release.version,
    command: 'node server.js',
    size: 'Standard-1X',
    attached: false,
    attempt: 0,
    createdAt: clock.now(),
    timeLimitMs: null,
  });
  store.dynos.update(INSTANCE, { state: 'crashed', message: 'exited with status 1', handle });
  collector.track(app.id, handle, dyno);
  const parts = {
    store,
    clock,
    releases: { current: () => release },
    formation: { list: () => [] },
    routed: () => 'none' as const,
    logged: (instance: string) => collector.drained(instance),
    routerPort: () => 8080,
  };
  return {
    clock,
    /** How long it takes until the failure is told, and what is in the log then. */
    async failure(waitMs: number) {
      const began = clock.now();
      const signal = new AbortController().signal;
      let told: { status: string; afterMs: number; log: string[] } | undefined;
      void awaitRollout(parts, app.id, release.version, { waitMs, signal }).then(({ status }) => {
        const log = logs.last(app.id, {}, 10).map(({ text }) => text);
        told = { status, afterMs: clock.now() - began, log };
      });
      await clock.passUntil(began + 60_000, () => told !== undefined);
      return told;
    },
  };
}

it.each([0, 600, 4_900])(
  'a failed rollout is told with its last line, which comes after %i ms',
  async (ms) => {
    expect(await crashed(ms).failure(25_000)).toEqual({ status: 'failed', afterMs: ms, log: [WHY] });
  },
);

it('is told after five seconds in any case', async () => {
  expect(await crashed(20_000).failure(25_000)).toEqual({ status: 'failed', afterMs: 5_000, log: [] });
});

it('is told at once to who does not wait', async () => {
  expect(await crashed(600).failure(0)).toEqual({ status: 'failed', afterMs: 0, log: [] });
});
