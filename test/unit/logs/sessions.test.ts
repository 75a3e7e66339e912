import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogStore } from '../../../daemon/logs/log-store.js';
import { LogSessions, type LogSessionRequest } from '../../../daemon/logs/sessions.js';
import type { Clock } from '../../../daemon/shared/clock.js';
import { all, newLine, newLines, storeForTest, take } from './support.js';

const APP = 'shop';
const MINUTE = 60_000;

let logs: LogStore;
let end: () => void;
let sessions: LogSessions;
let now: number;
let client: AbortController;
const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error('sessions do not wait')) };

beforeEach(() => {
  now = 1_785_578_400_000;
  ({ logs, end } = storeForTest({ clock }));
  sessions = new LogSessions(logs, clock);
  client = new AbortController();
});

afterEach(() => {
  client.abort();
  sessions.close();
  end();
});

const create = (more: Partial<LogSessionRequest> = {}) =>
  sessions.create({ appId: APP, filter: {}, lines: 100, tail: false, format: 'text', ...more });
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

const open = (secret: string, last: number | null = null, signal = client.signal) =>
  sessions.open(secret, last, signal);

describe('a log session', () => {
  it('gives the last lines that match, formatted, with their sequences as ids, and is over', async () => {
    logs.append(APP, [...newLines(5), newLine('of a worker', { dyno: 'worker.1' }), ...newLines(2, 5)]);
    const { secret } = create({ filter: { type: 'web' }, lines: 3 });
    expect(await all(open(secret))).toEqual([
      { id: 5, data: '2026-08-01T10:00:00.000000+00:00 app[web.1]: line 4' },
      { id: 7, data: '2026-08-01T10:00:00.000000+00:00 app[web.1]: line 5' },
      { id: 8, data: '2026-08-01T10:00:00.000000+00:00 app[web.1]: line 6' },
    ]);
    expect(() => open(secret)).toThrow('This log session does not exist');
    expect(sessions.count().open).toBe(0);
  });

  it('gives JSON when asked to', async () => {
    logs.append(APP, newLines(1));
    const [event] = await all(open(create({ format: 'json' }).secret));
    expect(JSON.parse(event?.data ?? '')).toEqual({
      sequence: 1,
      time: '2026-08-01T10:00:00.000000+00:00',
      source: 'app',
      dyno: 'web.1',
      stream: 'stdout',
      release: 1,
      text: 'line 0',
    });
  });

  it('goes on with what comes when it tails', async () => {
    logs.append(APP, newLines(5));
    const events = open(create({ tail: true, lines: 2 }).secret);
    expect((await take(events, 2)).map(({ id }) => id)).toEqual([4, 5]);
    const next = events.next();
    logs.append(APP, newLines(1, 5));
    expect((await next).value).toMatchObject({ id: 6 });
  });

  it('is resumed after the last event that was seen, with nothing twice and nothing left out', async () => {
    logs.append(APP, newLines(10));
    const { secret } = create({ tail: true, lines: 3 });
    const first = new AbortController();
    const events = open(secret, null, first.signal);
    const seen = await take(events, 3);
    first.abort();
    await events.return(undefined);
    logs.append(APP, newLines(500, 10));
    const more = await take(open(secret, seen.at(-1)?.id ?? null), 500);
    expect(more.map(({ id }) => id)).toEqual(newLines(500).map((_, index) => 11 + index));
  });

  it('has one reader: who opens it again takes it over, and the former one ends', async () => {
    logs.append(APP, newLines(1));
    const { secret } = create({ tail: true });
    const former = open(secret);
    await take(former, 1);
    const waiting = former.next();
    const latter = open(secret, 1);
    const next = latter.next();
    expect((await waiting).done).toBe(true);
    expect(sessions.count()).toEqual({ open: 1, read: 1 });
    logs.append(APP, newLines(1, 1));
    expect((await next).value).toMatchObject({ id: 2 });
  });

  it('tells a slow reader what it missed, and lets it fetch that by coming back', async () => {
    logs.append(APP, newLines(1));
    const { secret } = create({ tail: true });
    const events = open(secret);
    await take(events, 1);
    const next = events.next();
    logs.append(APP, newLines(1, 1));
    await next;
    for (let at = 2; at < 4_002; at += 500) logs.append(APP, newLines(500, at));
    const [loss, line] = await take(events, 2);
    expect(loss?.data).toMatch(
      /heroku\[logplex\]: Error L11 \(Tail buffer overflow\) -> This tail session dropped 2500 messages since 2026-/,
    );
    expect(line?.id).toBe(2 + 2_500 + 1);
    expect(loss?.id).toBe(2);
    const again = await take(open(secret, loss?.id), 1_000);
    expect(again.map(({ id }) => id)).toEqual(again.map((_, index) => 3 + index));
  });

  it('ends after five minutes in which nobody reads, and not while somebody does', async () => {
    const unread = create();
    const read = create({ tail: true });
    logs.append(APP, newLines(1));
    const events = open(read.secret);
    await take(events, 1);
    now += 5 * MINUTE;
    expect(() => open(unread.secret)).toThrow('This log session does not exist');
    now += 60 * MINUTE;
    expect(sessions.count()).toEqual({ open: 1, read: 1 });
    const next = events.next();
    logs.append(APP, newLines(1));
    expect((await next).done).toBe(false);
    await events.return(undefined);
    now += 4 * MINUTE;
    expect(sessions.count()).toEqual({ open: 1, read: 0 });
    now += MINUTE;
    expect(sessions.count().open).toBe(0);
  });

  it('ends for good when its app is destroyed', async () => {
    logs.append(APP, newLines(1));
    const { secret } = create({ tail: true });
    const events = open(secret);
    await take(events, 1);
    const next = events.next();
    await nextTurn();
    logs.drop(APP);
    expect((await next).done).toBe(true);
    expect(() => open(secret)).toThrow('This log session does not exist');
  });

  it('cannot be guessed', () => {
    const secrets = Array.from({ length: 50 }, () => create().secret);
    expect(new Set(secrets).size).toBe(50);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(() => open(`${secrets[0]}x`)).toThrow('This log session does not exist');
    expect(() => open('')).toThrow('This log session does not exist');
  });
});

describe('the limits', () => {
  it('bound the memory that a thousand sessions take which nobody reads on', async () => {
    const filters = [{}, { type: 'web' }, { source: 'app' as const }];
    for (let app = 0; app < 10; app += 1) {
      logs.append(`app-${app}`, newLines(1));
      for (let session = 0; session < 100; session += 1) {
        const filter = filters[session % 3] ?? {};
        const events = open(create({ appId: `app-${app}`, tail: true, filter }).secret);
        await take(events, 1);
        void events.next();
      }
    }
    await nextTurn();
    const before = heapUsed();
    for (let app = 0; app < 10; app += 1) {
      for (let at = 0; at < 4_000; at += 500) logs.append(`app-${app}`, newLines(500, at, 500));
    }
    await nextTurn();
    expect(sessions.count()).toEqual({ open: 1_000, read: 1_000 });
    // Thirty buffers of at most 1 MiB are kept, for 2 GB that all the sessions were sent.
    expect(heapUsed() - before).toBeLessThan(60 * 1024 * 1024);
  });

  it('let a new session take the place of the oldest that nobody reads', () => {
    const made = Array.from({ length: 101 }, () => create());
    expect(sessions.count().open).toBe(100);
    expect(() => open(made[0]?.secret ?? '')).toThrow('does not exist');
    open(made[1]?.secret ?? '');
  });

  it('refuse one more when all are being read, for the app and in all', async () => {
    const readOne = async (appId: string) => {
      const events = open(create({ appId, tail: true }).secret);
      await events.next();
      return events;
    };
    for (let app = 0; app < 10; app += 1) {
      logs.append(`app-${app}`, newLines(1));
      for (let session = 0; session < 100; session += 1) await readOne(`app-${app}`);
      if (app === 0) {
        expect(() => create({ appId: 'app-0' })).toThrow('100 log sessions are being read already');
      }
    }
    expect(sessions.count()).toEqual({ open: 1_000, read: 1_000 });
    expect(() => create({ appId: 'another' })).toThrow('1000 log sessions are being read already');
  });
});
