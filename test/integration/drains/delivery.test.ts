import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Drains, type DrainsOptions } from '../../../daemon/drains/drains.js';
import { trustOf } from '../../../daemon/drains/trust.js';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { newId } from '../../../daemon/shared/ids.js';
import { Store } from '../../../daemon/store/store.js';
import { newLine, newLines, silent, until } from '../../unit/logs/support.js';
import { HttpReceiver, madeCertificate, messagesOf, SyslogReceiver, textsOf } from './support.js';

let later = 0;
/** Tries come soon, so that tests need not wait for minutes; nothing else is different. */
const clock: DrainsOptions['clock'] = {
  now: () => Date.now() + later,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal),
};
const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `line ${from + index}`);

let home: string;
let store: Store;
let logs: LogStore;
let drains: Drains;
let appId: string;
const receivers: { close(): Promise<void> }[] = [];
let certificate: ReturnType<typeof madeCertificate>;
let certificates: string;

beforeAll(() => {
  certificates = mkdtempSync(join(tmpdir(), 'tfk-drain-ca-'));
  certificate = madeCertificate(certificates);
});
afterAll(() => rmSync(certificates, { recursive: true, force: true }));

function open(options: Partial<DrainsOptions> & { budgetBytes?: number } = {}): void {
  const { budgetBytes = 64 * 1024 * 1024, ...more } = options;
  store = Store.open(home);
  logs = new LogStore({ folder: join(home, 'logs'), clock: systemClock, logger: silent, budgetBytes });
  const trust = () => createSecureContext({ ca: certificate.ca });
  const limits = { connectMs: 1_000, answerMs: 500 };
  drains = new Drains({
    store,
    logs,
    clock,
    logger: silent,
    userAgent: 'Logplex/tfk-1',
    trust,
    limits,
    ...more,
  });
}

async function shut(): Promise<void> {
  await drains.stop();
  logs.close();
  store.close();
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tfk-drains-'));
  open();
  appId = newId();
  store.apps.insert({ id: appId, name: 'shop', engine: 'process', createdAt: 0 });
});

afterEach(async () => {
  await shut();
  for (const receiver of receivers.splice(0)) await receiver.close();
  rmSync(home, { recursive: true, force: true });
});

async function opened<T extends { open(): Promise<unknown>; close(): Promise<void> }>(
  receiver: T,
): Promise<T> {
  await receiver.open();
  receivers.push(receiver);
  return receiver;
}

/** Lines of the app's own, without what the platform says about its drains. */
const own = (texts: readonly string[]): string[] => texts.filter((text) => text.startsWith('line '));
const told = (): string[] => logs.last(appId, { dyno: 'logplex' }, 100).map(({ text }) => text);

describe('over HTTP', () => {
  it("lines come as Logplex's requests, those from now on, in order", async () => {
    const receiver = await opened(new HttpReceiver());
    logs.append(appId, newLines(10, 1_000));
    const url = `http://ada:p%40ss@127.0.0.1:${receiver.port}/logs?a=1`;
    const { token } = drains.add(appId, url);
    logs.append(appId, newLines(2_500));
    await until(() => receiver.taken.length >= 2_500, 'all lines');
    expect(receiver.taken).toEqual(numbered(2_500));
    const ids = receiver.requests.map(({ headers }) => headers['logplex-frame-id']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { method, url: path, headers, body } of receiver.requests) {
      expect([method, path]).toEqual(['POST', '/logs?a=1']);
      expect(headers).toMatchObject({
        authorization: `Basic ${Buffer.from('ada:p@ss').toString('base64')}`,
        'content-type': 'application/logplex-1',
        'content-length': String(body.length),
        'logplex-msg-count': String(messagesOf(body).length),
        'logplex-drain-token': token,
        'user-agent': 'Logplex/tfk-1',
      });
      expect(body.length).toBeLessThan(103_000);
    }
    const [first] = logs.last(appId, {}, 2_500);
    const time = new Date(Math.floor((first?.time ?? 0) / 1000)).toISOString().slice(0, 23);
    expect(messagesOf(receiver.requests[0]?.body ?? Buffer.alloc(0))[0]).toMatch(
      new RegExp(`^<190>1 ${time}\\d{3}\\+00:00 host app web\\.1 - line 0\\n$`),
    );
  });

  it('a batch that got 500 comes again as it was, under its id, and what follows waits', async () => {
    const receiver = await opened(new HttpReceiver());
    let refusals = 4;
    receiver.answer = (request, response) =>
      receiver.status((refusals -= 1) < 0 ? 200 : 500, request, response);
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(3));
    await until(() => receiver.requests.length >= 2, 'a second try');
    logs.append(appId, newLines(3, 3));
    await until(() => own(receiver.taken).length >= 6, 'all lines');
    expect(own(receiver.taken)).toEqual(numbered(6));
    const [first, ...others] = receiver.requests.slice(0, 5);
    expect(others.map(({ body }) => body.equals(first?.body ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      new Set(receiver.requests.slice(0, 5).map(({ headers }) => headers['logplex-frame-id'])).size,
    ).toBe(1);
    expect(told()[0]).toMatch(
      /^Drain 'd\.[^']+' does not reach http:\/\/127\.0\.0\.1:\d+: it answers 500\. Lines are kept/,
    );
    await until(() => told().length === 2, 'word that it works again');
    expect(told()[1]).toMatch(/ again, after \d+ s$/);
  });

  it('a redirect is not followed, and a wrong password loses nothing', async () => {
    const elsewhere = await opened(new HttpReceiver());
    const receiver = await opened(new HttpReceiver());
    let tries = 0;
    receiver.answer = (request, response) => {
      tries += 1;
      if (tries > 4) receiver.status(204, request, response);
      else
        response.writeHead(tries > 2 ? 401 : 307, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
    };
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(3));
    await until(() => own(receiver.taken).length >= 3, 'all lines');
    expect(own(receiver.taken)).toEqual(numbered(3));
    expect(elsewhere.requests).toEqual([]);
  });

  it('a batch that is refused as such is given up, told and counted, and the next one goes on', async () => {
    const receiver = await opened(new HttpReceiver());
    receiver.answer = (request, response) =>
      receiver.status(request.body.includes('line 1\n') ? 400 : 200, request, response);
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(3));
    await until(() => receiver.requests.length >= 3, 'three tries');
    logs.append(appId, newLines(2, 3));
    await until(() => own(receiver.taken).length >= 2, 'the next lines');
    expect(own(receiver.taken)).toEqual(['line 3', 'line 4']);
    expect(receiver.taken[0]).toMatch(
      /^Error L10 \(output buffer overflow\): 3 messages dropped since .*\.$/,
    );
    expect(receiver.requests.filter(({ body }) => body.includes('line 1\n'))).toHaveLength(3);
    expect(told().some((text) => /drain 'd\.[^']+' dropped 3 messages/.test(text))).toBe(true);
    expect(drains.progress(appId)[0]?.dropped).toBe(3);
  });

  it('a receiver of small requests gets small ones', async () => {
    const receiver = await opened(new HttpReceiver());
    receiver.answer = (request, response) =>
      receiver.status(request.body.length > 2_000 ? 413 : 200, request, response);
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(200));
    await until(() => own(receiver.taken).length >= 200, 'all lines');
    expect(own(receiver.taken)).toEqual(numbered(200));
  });

  it('a receiver that never answers, or never ends its answer, is left after a while', async () => {
    const receiver = await opened(new HttpReceiver());
    let tries = 0;
    receiver.answer = (request, response) => {
      tries += 1;
      if (tries === 1) return;
      if (tries > 2) {
        receiver.status(200, request, response);
        return;
      }
      receiver.answered.push({ request, status: 200 });
      response.writeHead(200);
      const flood = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
      response.on('close', () => clearInterval(flood));
    };
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(3));
    await until(() => own(receiver.taken).length >= 3, 'the first lines');
    logs.append(appId, newLines(3, 3));
    await until(() => own(receiver.taken).length >= 6, 'the next lines');
    expect(own(receiver.taken)).toEqual(numbered(6));
  });

  it('TLS is checked: an unknown CA gets nothing and an L14 line; a known one gets all', async () => {
    const receiver = await opened(new HttpReceiver(certificate));
    const distrusting = new Drains({
      ...{ store, logs, clock, logger: silent, userAgent: 'Logplex/tfk-1' },
      trust: trustOf({}),
    });
    distrusting.add(appId, `https://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(3));
    await until(
      () => told().some((text) => text.startsWith('Error L14 (certificate validation): ')),
      'an L14',
    );
    expect(told().find((text) => text.startsWith('Error L14'))).toContain(
      `uri="https://127.0.0.1:${receiver.port}/"`,
    );
    expect(receiver.requests).toEqual([]);
    await distrusting.stop();
    drains.start();
    await until(() => own(receiver.taken).length >= 3, 'all lines');
    expect(own(receiver.taken)).toEqual(numbered(3));
  });
});

describe('over syslog', () => {
  it.each(['syslog', 'syslog+tls'])(
    '%s has all lines in order, in one stream of counted frames',
    async (scheme) => {
      const receiver = await opened(new SyslogReceiver(scheme === 'syslog' ? undefined : certificate));
      const { token } = drains.add(appId, `${scheme}://127.0.0.1:${receiver.port}`);
      logs.append(appId, newLines(3_000));
      logs.append(appId, [newLine('', { source: 'heroku', dyno: 'router' }), newLine('été \u0000 ☃')]);
      await until(() => receiver.messages.length >= 3_002, 'all lines');
      expect(receiver.texts).toEqual([...numbered(3_000), '', 'été \u0000 ☃']);
      expect(receiver.streams).toHaveLength(1);
      expect(receiver.messages[0]).toMatch(new RegExp(`^<190>1 \\S+ ${token} app web\\.1 - - line 0\\n$`));
      expect(receiver.messages[3_000]).toMatch(new RegExp(`^<158>1 \\S+ ${token} heroku router - - \\n$`));
    },
  );

  it('a receiver of another CA, or of plain TCP, gets nothing over TLS', async () => {
    const [plain, secure] = [
      await opened(new SyslogReceiver()),
      await opened(new SyslogReceiver(certificate)),
    ];
    await shut();
    open({ trust: trustOf({}) });
    drains.add(appId, `syslog+tls://127.0.0.1:${plain.port}`);
    drains.add(appId, `syslog+tls://localhost:${secure.port}`);
    logs.append(appId, newLines(3));
    await until(() => told().some((text) => text.includes(`L14`)), 'an L14');
    await until(
      () => drains.progress(appId).every(({ health }) => (health.failure?.failures ?? 0) > 1),
      'failures',
    );
    expect([...plain.streams, ...secure.streams].join('')).not.toContain('line');
  });

  it('goes on when a receiver that was down is up again, with all that came meanwhile', async () => {
    const receiver = await opened(new SyslogReceiver());
    drains.add(appId, `syslog://127.0.0.1:${receiver.port}`);
    logs.append(appId, newLines(5));
    await until(() => own(receiver.texts).length >= 5, 'the first lines');
    await receiver.close();
    logs.append(appId, newLines(5_000, 5));
    await until(() => (drains.progress(appId)[0]?.health.failure?.failures ?? 0) > 1, 'failures');
    await receiver.open();
    await until(() => own(receiver.texts).at(-1) === 'line 5004', 'the last line');
    // What was on its way when the receiver went is sent again.
    expect([...new Set(own(receiver.texts))]).toEqual(numbered(5_005));
    expect(told().some((text) => text.includes('ECONNREFUSED'))).toBe(true);
  });

  it('a receiver that hangs slows neither those who write nor another drain, and takes no memory', async () => {
    const [hung, well] = [await opened(new SyslogReceiver()), await opened(new SyslogReceiver())];
    hung.paused = true;
    drains.add(appId, `syslog://127.0.0.1:${hung.port}`);
    drains.add(appId, `syslog://127.0.0.1:${well.port}`);
    const begun = Date.now();
    for (let at = 0; at < 10_000; at += 100) logs.append(appId, newLines(100, at, 5_000));
    expect(Date.now() - begun).toBeLessThan(10_000);
    await until(() => drains.progress(appId)[1]?.pending === 0, 'all lines at the other');
    const [stuck] = drains.progress(appId);
    expect(stuck?.pending).toBeGreaterThan(1_000);
    await until(
      () => (drains.progress(appId)[0]?.health.failure?.reason ?? '').includes('did not take'),
      'a limit',
    );
  }, 60_000);

  it('is told exactly how many lines the history dropped before they could be sent', async () => {
    await shut();
    open({ budgetBytes: 1024 * 1024 });
    const receiver = await opened(new SyslogReceiver());
    drains.add(appId, `syslog://127.0.0.1:${receiver.port}`);
    logs.append(appId, newLines(10));
    await until(() => own(receiver.texts).length >= 10, 'the first lines');
    later += 60_000; // They have arrived beyond doubt.
    await receiver.close();
    for (let at = 10; at < 20_010; at += 500) logs.append(appId, newLines(500, at, 200));
    await until(() => (drains.progress(appId)[0]?.health.failure?.failures ?? 0) > 1, 'failures');
    await receiver.open();
    const number = (text: string): number => Number(/^line (\d+)/.exec(text)?.[1] ?? -1);
    await until(() => number(own(receiver.texts).at(-1) ?? '') === 20_009, 'the last line');
    const sent = own(receiver.texts).map(number);
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(new Set(sent).size).toBe(sent.length);
    const placed = /^Error L10 .*: (\d+) messages dropped since/;
    const counts = receiver.texts.flatMap((text) => Number(placed.exec(text)?.[1] ?? []));
    const dropped = counts.reduce((sum, count) => sum + count, 0);
    expect(dropped).toBeGreaterThan(10_000);
    // Each line of the log was either sent or counted; L12 notices stand in the place of lines that are counted.
    const notSent = (text: string): boolean => placed.test(text) || text.startsWith('Error L12');
    await expect
      .poll(() => receiver.texts.filter((text) => !notSent(text)).length + dropped, { timeout: 10_000 })
      .toBe(logs.newest(appId));
    expect(drains.progress(appId)[0]?.dropped).toBe(dropped);
    expect(
      told().some((text) => /^Error L10 .* drain 'd\.[^']+' dropped \d+ messages since/.test(text)),
    ).toBe(true);
  }, 60_000);
});

describe('a drain', () => {
  it('goes on where it was when tfkd ends and begins anew, also with what came meanwhile', async () => {
    const receiver = await opened(new HttpReceiver());
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(10));
    await until(() => receiver.taken.length >= 10, 'the first lines');
    await shut();
    open();
    logs.append(appId, newLines(10, 10));
    drains.start();
    await until(() => receiver.taken.length >= 20, 'all lines');
    logs.append(appId, newLines(1, 20));
    await until(() => receiver.taken.length >= 21, 'the last line');
    expect(receiver.taken).toEqual(numbered(21));
  });

  it('that was cut off in a batch sends that very batch again, though more lines have come', async () => {
    const receiver = await opened(new HttpReceiver());
    receiver.answer = () => undefined;
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(10));
    await until(() => receiver.requests.length >= 1, 'a request');
    await shut();
    open();
    logs.append(appId, newLines(10, 10));
    receiver.answer = (request, response) => receiver.status(200, request, response);
    drains.start();
    await until(() => own(receiver.taken).length >= 20, 'all lines');
    const answered = receiver.answered[0]?.request;
    const cutOff = receiver.requests.find(
      ({ headers }) => headers['logplex-frame-id'] === answered?.headers['logplex-frame-id'],
    );
    expect(cutOff?.body.equals(answered?.body ?? Buffer.alloc(0))).toBe(true);
    expect(textsOf(messagesOf(cutOff?.body ?? Buffer.alloc(0)))).toEqual(numbered(10));
  });

  it('that is removed sends nothing more, and so do those of an app that goes', async () => {
    const receiver = await opened(new HttpReceiver());
    receiver.answer = (request, response) => receiver.status(503, request, response);
    const drain = drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(10));
    await until(() => receiver.requests.length >= 2, 'tries');
    await drains.remove(drain);
    const tries = receiver.requests.length;
    logs.append(appId, newLines(10));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.requests).toHaveLength(tries);
    expect([drains.list(appId), drains.progress(appId)]).toEqual([[], []]);

    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(10));
    await until(() => receiver.requests.length > tries, 'tries again');
    await drains.stopApp(appId);
    const last = receiver.requests.length;
    store.apps.markDestroyed(appId, Date.now());
    drains.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.requests).toHaveLength(last);
  });

  it('has an end when its app is gone under it', async () => {
    const receiver = await opened(new HttpReceiver());
    drains.add(appId, `http://127.0.0.1:${receiver.port}/`);
    logs.append(appId, newLines(1));
    await until(() => receiver.taken.length >= 1, 'the line');
    logs.drop(appId);
    await expect.poll(() => receiver.connections, { timeout: 10_000 }).toBe(0);
    await drains.stop();
  });
});
