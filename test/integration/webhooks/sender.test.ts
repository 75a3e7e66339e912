import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpSender, retryAfterMs } from '../../../daemon/webhooks/delivery/sender.js';

describe('the sender of deliveries', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const senders: HttpSender[] = [];
  afterEach(async () => {
    for (const sender of senders.splice(0)) await sender.close();
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  /** A server that says `text`, whatever it is asked. */
  async function says(text: string | null): Promise<string> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (text !== null) socket.once('data', () => socket.write(text));
      else socket.resume();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  function post(url: string, { limitMs = 20_000, signal = new AbortController().signal } = {}) {
    const sender = new HttpSender(limitMs);
    senders.push(sender);
    return sender.post({ url, body: '{}', headers: { 'content-type': 'application/json' } }, signal);
  }

  it('tells the status, and how long it should wait', async () => {
    const url = await says('HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n');
    expect(await post(url)).toEqual({ code: 429, error: null, retryAfterMs: 120_000 });
  });

  it('gives up on who never answers', async () => {
    expect(await post(await says(null), { limitMs: 200 })).toMatchObject({ code: null, error: 'Timeout' });
  });

  it('takes a status for an answer, though its body never ends', async () => {
    const url = await says('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nslow');
    expect(await post(url, { limitMs: 300 })).toMatchObject({ code: 200, error: null });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'InvalidReply'],
    ['endless headers', `HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(64 * 1024)}`, 'ReplyTooLarge'],
  ])('names what is wrong with %s', async (_what, text, error) => {
    expect(await post(await says(text))).toMatchObject({ code: null, error });
  });

  it('names what keeps it from connecting', async () => {
    const url = await says(null);
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    expect(await post(url)).toMatchObject({ code: null, error: 'ConnectionRefused' });
    const tls = (await says('HTTP/1.1 400 Bad Request\r\n\r\n')).replace('http:', 'https:');
    expect(await post(tls)).toMatchObject({ code: null, error: 'TlsError' });
  });

  it('is broken off by the signal', async () => {
    const abort = new AbortController();
    const sent = post(await says(null), { signal: abort.signal });
    abort.abort();
    await expect(sent).rejects.toThrow();
  });
});

describe('Retry-After', () => {
  it.each([
    [undefined, null],
    ['120', 120_000],
    ['Thu, 01 Jan 1970 00:02:00 GMT', 60_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', null],
  ])('%s is %s', (header, expected) => expect(retryAfterMs(header, 60_000)).toBe(expected));
});
