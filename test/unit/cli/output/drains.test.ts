import { expect, it } from 'vitest';
import { Paint } from '../../../../cli/output/colour.js';
import { drainFacts, withoutSecrets } from '../../../../cli/output/drains.js';

const now = new Date('2026-08-01T10:00:00Z');
const drain = {
  id: '00000000-0000-4000-8000-000000000001',
  token: 'd.1',
  url: 'https://ada:****@logs.example.com/\u001b[2J',
  pending: 0,
  delivered: 0,
  dropped: 0,
  last_delivered_at: null,
  failure: null,
};

it("a drain that is well is Heroku's line and one more, and moves no cursor", () => {
  expect(drainFacts(drain, new Paint(false), now)).toEqual([
    'https://ada:****@logs.example.com/\\x1b[2J (d.1)',
    '  0 lines delivered',
  ]);
});

it('one that fails says what waits, what is lost, why, and when it is tried next', () => {
  const failure = {
    since: '2026-08-01T09:58:00Z',
    failures: 3,
    reason: 'connect ECONNREFUSED 127.0.0.1:9',
    next_try_at: '2026-08-01T10:00:04Z',
  };
  const facts = {
    ...drain,
    pending: 7,
    delivered: 1,
    dropped: 2,
    last_delivered_at: '2026-08-01T09:59:00Z',
    failure,
  };
  const [, sent, lost, failing] = drainFacts(facts, new Paint(false), now);
  expect(sent).toMatch(/^ {2}1 line delivered, last .* \(~ 1m ago\); 7 lines to be sent$/);
  expect(lost).toBe('  2 lines dropped');
  expect(failing).toMatch(
    /^ {2}failing: connect ECONNREFUSED 127\.0\.0\.1:9; 3 tries since .* \(~ 2m ago\), the next in 4s$/,
  );
});

it.each([
  ['https://ada:hunter2@logs.example.com/x?key=abc&b', 'https://ada:****@logs.example.com/x?key=****&b'],
  ['https://ada:hun@ter2@logs.example.com', 'https://ada:****@logs.example.com'],
  ['https://token@logs.example.com', 'https://****@logs.example.com'],
  ['syslog+tls://logs.example.com:515', 'syslog+tls://logs.example.com:515'],
  ['d.73ea7440', 'd.73ea7440'],
])('%s is printed as %s', (url, printed) => {
  expect(withoutSecrets(url)).toBe(printed);
});
