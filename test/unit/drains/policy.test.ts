import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor, withLoss, writeCursor } from '../../../daemon/drains/cursor.js';
import { DrainHealth } from '../../../daemon/drains/health.js';
import { outcomeOfError, outcomeOfStatus } from '../../../daemon/drains/outcome.js';
import { retryDelay } from '../../../daemon/drains/retry.js';

describe('the wait for the next try', () => {
  it('doubles from a second to a minute, half of it by chance', () => {
    expect([1, 2, 3, 6, 7, 50, 5_000].map((failures) => retryDelay(failures, 1))).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    expect([1, 7].map((failures) => retryDelay(failures, 0))).toEqual([500, 30_000]);
  });
});

describe('an answer', () => {
  it.each([200, 201, 204, 299])('%i has taken the batch', (status) => {
    expect(outcomeOfStatus(status)).toEqual({ kind: 'taken' });
  });

  it.each([400, 415, 422])('%i refuses this batch', (status) => {
    expect(outcomeOfStatus(status).kind).toBe('refused');
  });

  it.each([301, 307, 401, 403, 404, 408, 410, 429, 500, 502, 503])(
    '%i says nothing of the batch: it is kept',
    (status) => {
      expect(outcomeOfStatus(status).kind).toBe('failed');
    },
  );

  it('413 asks for smaller ones', () => {
    expect(outcomeOfStatus(413).kind).toBe('too large');
  });

  it('tells a certificate from a connection', () => {
    const error = (code: string) => Object.assign(new Error('it is so'), { code });
    expect(outcomeOfError(error('DEPTH_ZERO_SELF_SIGNED_CERT'))).toMatchObject({ certificate: true });
    expect(outcomeOfError(error('ERR_TLS_CERT_ALTNAME_INVALID'))).toMatchObject({ certificate: true });
    expect(outcomeOfError(error('UNABLE_TO_VERIFY_LEAF_SIGNATURE'))).toMatchObject({ certificate: true });
    expect(outcomeOfError(error('ECONNREFUSED'))).toMatchObject({ certificate: false, reason: 'it is so' });
    const both = new AggregateError([error('ECONNREFUSED'), new Error('connect ECONNREFUSED 127.0.0.1:1')]);
    expect(outcomeOfError(both)).toMatchObject({ reason: 'connect ECONNREFUSED 127.0.0.1:1' });
  });
});

describe('a cursor', () => {
  it('is read as it was written', () => {
    const place = fc.nat({ max: 2 ** 40 });
    const cursors = fc.record({
      after: place,
      time: place,
      upTo: fc.option(place),
      delivered: place,
      dropped: place,
      loss: fc.option(fc.record({ count: fc.integer({ min: 1 }), since: place })),
    });
    fc.assert(
      fc.property(cursors, (cursor) => {
        expect(readCursor(writeCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  it.each(['', '7', '[1,2]', '[1,2,null,0,"x"]', '[null,2,3,0,0,0,0]', '{"after":1}', '[1.5,2,3,0,0,0,0]'])(
    'is not read from %j',
    (text) => {
      expect(readCursor(text)).toBeNull();
    },
  );

  it('sums up what is lost, since the first', () => {
    expect(withLoss(null, 0, 9)).toBeNull();
    expect(withLoss(withLoss(null, 2, 5), 3, 9)).toEqual({ count: 5, since: 5 });
  });
});

describe('what the log of the app is told', () => {
  const failed = { kind: 'failed', reason: 'connect ECONNREFUSED', certificate: false } as const;
  const delay = () => 1_000;
  const healthOf = () => {
    const told: string[] = [];
    const drain = { token: 'd.1', origin: 'syslog://logs:601' };
    return { told, health: new DrainHealth(drain, (text) => told.push(text)) };
  };

  it('is not the first failure, but the second, and then none for an hour', () => {
    const { told, health } = healthOf();
    health.failed(failed, 0, delay);
    expect(told).toEqual([]);
    for (let minute = 1; minute <= 60; minute += 1) health.failed(failed, minute * 60_000, delay);
    expect(told).toEqual([
      "Drain 'd.1' does not reach syslog://logs:601: connect ECONNREFUSED. Lines are kept, and sent as soon as it does",
    ]);
    health.failed(failed, 61 * 60_000, delay);
    expect(told).toHaveLength(2);
    health.taken(62 * 60_000);
    expect(told.at(-1)).toBe("Drain 'd.1' reaches syslog://logs:601 again, after 3720 s");
    expect(health).toMatchObject({ failure: null, lastDeliveredAt: 62 * 60_000 });
  });

  it('is bounded also for a drain that fails and works in turn: its lines would feed it for ever', () => {
    const { told, health } = healthOf();
    for (let second = 0; second < 3_000; second += 3) {
      health.failed(failed, second * 1000, delay);
      health.failed(failed, (second + 1) * 1000, delay);
      health.taken((second + 2) * 1000);
    }
    expect(told).toHaveLength(2);
  });

  it('is an L14 for a certificate, at once', () => {
    const { told, health } = healthOf();
    health.failed({ ...failed, reason: 'self-signed certificate', certificate: true }, 0, delay);
    expect(told).toEqual([
      'Error L14 (certificate validation): error="self-signed certificate" uri="syslog://logs:601/"',
    ]);
  });

  it('is every dropped line, in few words', () => {
    const { told, health } = healthOf();
    health.beginAt(100);
    health.lost(103, 0, 0);
    health.lost(107, 1_000_000, 1_000);
    health.lost(112, 2_000_000, 2_000);
    expect(told).toEqual([
      "Error L10 (output buffer overflow): drain 'd.1' dropped 3 messages since 1970-01-01T00:00:00.000000+00:00.",
    ]);
    health.taken(3_600_000);
    expect(told[1]).toContain('dropped 9 messages since 1970-01-01T00:00:01.000000+00:00.');
  });
});
