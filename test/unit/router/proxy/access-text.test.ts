import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessText, type AccessRecord } from '../../../../daemon/router/proxy/access-text.js';
import { FAILURES, requestError } from '../../../../daemon/router/proxy/failures.js';

const record: AccessRecord = {
  protocol: 'http' as const,
  method: 'GET',
  path: '/',
  host: 'shop.localhost',
  requestId: '4d3a1c2e-0000-4000-8000-000000000000',
  fwd: '1.2.3.4',
  dyno: 'web.1',
  connectMs: 0.4,
  serviceMs: 6.2,
  status: 200,
  bytes: 512,
  failure: undefined,
};

describe('the router line', () => {
  test('is as on Heroku', () => {
    expect(accessText(record)).toBe(
      'at=info method=GET path="/" host=shop.localhost request_id=4d3a1c2e-0000-4000-8000-000000000000 fwd="1.2.3.4" ' +
        'dyno=web.1 connect=0ms service=6ms status=200 bytes=512 protocol=http',
    );
  });

  test('names the failure, its severity, its side and its cause', () => {
    expect(accessText({ ...record, failure: FAILURES.H12, status: 503, bytes: 0 })).toMatch(
      /^at=error code=H12 desc="Request timeout" method=GET .* status=503 bytes=0 protocol=http$/,
    );
    expect(accessText({ ...record, failure: FAILURES.H27 })).toMatch(
      /^sock=client at=warning code=H27 desc="Client Request Interrupted" method=GET/,
    );
    expect(accessText({ ...record, failure: requestError(417, 'unsupported expect header value') })).toMatch(
      /^at=error code=H26 desc="Request Error" cause="unsupported expect header value" method=GET/,
    );
  });

  test('leaves empty what there was not', () => {
    const nothing = { dyno: undefined, connectMs: undefined, serviceMs: undefined, bytes: undefined };
    expect(accessText({ ...record, ...nothing, status: 503, failure: FAILURES.H10 })).toMatch(
      / dyno= connect= service= status=503 bytes= protocol=http$/,
    );
  });

  test('cannot be broken out of by anything a client sends', () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '\\', '\r', '\n', '\x1b', ' ', '=', '\0', '\u2028'),
        fc.string({ unit: 'binary' }),
      ),
    });
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (path, host, fwd, requestId) => {
        const line = accessText({ ...record, path, host, fwd, requestId });
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line).toMatch(
          /^at=info method=GET path="(?:[^"\\]|\\.)*" host=[^ ]* request_id=[^ ]* fwd="(?:[^"\\]|\\.)*" dyno=web\.1 connect=0ms service=6ms status=200 bytes=512 protocol=http$/,
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
