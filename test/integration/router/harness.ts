import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll } from 'vitest';
import { listSegments, logFolder, parseAccessLine } from '../../../daemon/router/control/access-log.js';
import { RouterControl } from '../../../daemon/router/control/client.js';
import { routerPlaces } from '../../../daemon/router/control/places.js';
import type { Backend, RouteApp, RouterStatus } from '../../../daemon/router/control/protocol.js';
import { startRouter, type RouterStart } from '../../../daemon/router/control/spawn.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { builtProgram } from '../../support/built.js';

export interface TestRouter {
  readonly home: string;
  readonly port: number;
  readonly control: RouterControl;
  readonly options: RouterStart;
  /** The texts of all access lines so far, once there are at least `count`. */
  lines(count: number): Promise<string[]>;
  status(): Promise<RouterStatus>;
}

const undo: (() => Promise<unknown>)[] = [];

/** Runs at the end of the test, last one first. */
export function afterTest(what: () => Promise<unknown>): void {
  undo.push(what);
}

/** Call once per test file: builds the program and cleans up after each test. */
export function useRouters(): void {
  beforeAll(() => void builtProgram('daemon/router/main.js'), 240_000);
  afterEach(async () => {
    for (const what of undo.splice(0).reverse()) await what();
  });
}

export async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'tfk-router-'));
  afterTest(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  return home;
}

export function startOptions(home: string, extra: Partial<RouterStart> = {}): RouterStart {
  return {
    nodePath: process.execPath,
    program: `${process.cwd()}/dist/daemon/router/main.js`,
    home,
    port: 0,
    logLevel: 'info',
    timeoutMs: 60_000,
    ...extra,
    limits: { checkMs: 50, shutdownMs: 1_000, ...extra.limits },
  };
}

export function controlOf(home: string, revive?: () => Promise<unknown>): RouterControl {
  const control = new RouterControl({
    socketPath: routerPlaces(home).socket,
    logger: createLogger('silent', 'test'),
    clock: systemClock,
    ...(revive && { revive }),
  });
  afterTest(() => control.close());
  return control;
}

/** A real router with real workers, ended after the test. */
export async function startTestRouter(extra: Partial<RouterStart> = {}): Promise<TestRouter> {
  const home = await newHome();
  const options = startOptions(home, extra);
  await startRouter(options);
  afterTest(() => controlOf(home).shutdown());
  const control = controlOf(home);
  const { port } = await control.status();
  return {
    home,
    port,
    control,
    options,
    status: () => control.status(),
    lines: (count) => eventually(async () => atLeast(count, await accessTexts(home))),
  };
}

async function accessTexts(home: string): Promise<string[]> {
  const segments = await listSegments(logFolder(home));
  const contents = await Promise.all(segments.map(({ path }) => readFile(path, 'utf8')));
  const lines = contents.flatMap((content) => content.split('\n').slice(0, -1)).map(parseAccessLine);
  return lines.map((line) => line?.text ?? 'not an access line');
}

function atLeast(count: number, lines: string[]): string[] {
  if (lines.length < count) throw new Error(`only ${lines.length} of ${count} lines: ${lines.join(' | ')}`);
  return lines;
}

/** Repeats until it does not throw, for at most `ms`. */
export async function eventually<T>(what: () => Promise<T> | T, ms = 20_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(20);
    }
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function backendOn(port: number, extra: Partial<Backend> = {}): Backend {
  return { id: `instance-${port}`, dyno: 'web.1', host: '127.0.0.1', port, draining: false, ...extra };
}

export function appWith(backends: readonly Backend[], extra: Partial<RouteApp> = {}): RouteApp {
  return { id: 'app-1', name: 'shop', hosts: ['shop.localhost'], state: 'serving', backends, ...extra };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** One request to the router; rejects when the connection breaks before the answer is whole. */
export function ask(
  port: number,
  { method = 'GET', path = '/', headers = {}, body, agent }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { host: 'shop.localhost', ...headers };
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: all,
      ...(agent && { agent }),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        if (!response.complete) {
          reject(new Error('the answer was cut'));
          return;
        }
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(body);
  });
}

export interface RawAnswer {
  readonly text: string;
  /** The router closed the connection. */
  readonly closed: boolean;
}

/** Sends bytes as they are and reads until the router closes, `until` is satisfied, or nothing came for `quietMs`. */
export function sendRaw(
  port: number,
  bytes: string,
  { quietMs = 1_500, until }: RawOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let timer: NodeJS.Timeout;
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), quietMs);
    };
    wait();
    socket.once('error', (error) => (text === '' ? reject(error) : finish(true)));
    socket.once('close', () => finish(true));
    socket.once('end', () => finish(true));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.(text) === true) {
        finish(false);
        return;
      }
      wait();
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

interface RawOptions {
  readonly quietMs?: number;
  readonly until?: (text: string) => boolean;
}

export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    afterTest(async () => socket.destroy());
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
