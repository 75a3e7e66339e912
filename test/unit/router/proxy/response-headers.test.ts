import { describe, expect, test } from 'vitest';
import { relayedHead } from '../../../../daemon/router/proxy/response-headers.js';

const raw = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));

describe("a dyno's response head", () => {
  test('passes on, without what is between dyno and router', () => {
    const head = relayedHead(
      200,
      'OK',
      raw(
        ...[
          'Connection',
          'close, X-Inner',
          'X-Inner',
          '1',
          'Keep-Alive',
          'timeout=5',
          'Proxy-Authenticate',
          'x',
        ],
      ).concat(
        raw(
          ...[
            'Transfer-Encoding',
            'chunked',
            'Set-Cookie',
            'a',
            'Set-Cookie',
            'b',
            'X',
            '\xe4',
            'Via',
            '1.1 app',
          ],
        ),
      ),
    );
    expect(head).toEqual({
      headers: ['Set-Cookie', 'a', 'Set-Cookie', 'b', 'X', '\xe4', 'Via', '1.1 app, 1.1 tfk'],
      contentLength: undefined,
    });
  });

  test.each([
    ['H17', 99, '', raw()],
    ['H17', 1000, '', raw()],
    ['H17', 200, '', raw('Transfer-Encoding', 'chunked\t')],
    ['H17', 200, '', raw('Transfer-Encoding', 'gzip, chunked')],
    ['H25', 200, 'x'.repeat(8_193), raw()],
    ['H25', 200, '', raw('Set-Cookie', 'x'.repeat(8_193))],
    ['H25', 200, '', raw(...Array.from({ length: 2_002 }, () => 'x'))],
  ])('is %s when it breaks a rule', (code, status, text, headers) => {
    expect(relayedHead(status, text, headers)).toMatchObject({ code });
  });
});
