import type { AppSnapshot, DynoView } from '../../daemon/run/reconcile/snapshot.js';
import type { DynoRecord } from '../../daemon/store/dynos.js';

/** A dyno's row with defaults: web.1 of release 1, up and running. */
export function aDyno(change: Partial<DynoRecord> = {}): DynoRecord {
  const name = change.name ?? 'web.1';
  return {
    instance: `${name}-${change.releaseId ?? 'r1'}`,
    appId: 'app',
    name,
    type: name.slice(0, name.indexOf('.')),
    kind: 'formation',
    releaseId: 'r1',
    releaseVersion: 1,
    command: 'node web.js',
    size: 'Standard-1X',
    state: 'up',
    handle: {
      engine: 'fake',
      version: 1,
      instance: name,
      address: { host: '127.0.0.1', port: 4000, relayed: false },
      data: {},
    },
    attached: false,
    attempt: 0,
    createdAt: 0,
    stateSince: 0,
    readyAt: 0,
    nextStartAt: null,
    timeLimitMs: null,
    stopReason: null,
    exitCode: null,
    exitedAt: null,
    message: null,
    ...change,
  };
}

export function aView(
  record: Partial<DynoRecord> = {},
  change: Partial<Omit<DynoView, 'record'>> = {},
): DynoView {
  return {
    record: aDyno(record),
    observed: { kind: 'running' },
    ready: false,
    routed: 'none',
    inFlight: 0,
    upgraded: 0,
    held: false,
    ...change,
  };
}

/** An app whose current release r1 has a web type, of which one dyno is wanted. */
export function aSnapshot(change: Partial<AppSnapshot> = {}): AppSnapshot {
  return {
    now: 1_000,
    appId: 'app',
    destroyed: false,
    release: { id: 'r1', version: 1, processTypes: { web: 'node web.js' } },
    formation: [{ type: 'web', quantity: 1, size: 'Standard-1X' }],
    preboot: true,
    dynos: [],
    remaining: 0,
    unreachable: null,
    strays: [],
    ...change,
  };
}
