import { request } from 'node:http';
import { connect } from 'node:net';
import type { DynoAddress, DynoHandle } from '../engines/engine.js';
import type { DynoHost } from '../engines/engines.js';
import type { Clock } from '../shared/clock.js';
import type { ReadinessCheck } from './healthchecks.js';

/** Between two tries; short, since every push waits for it. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** Watches dynos that are starting, each until its check passes once. */
export class HealthWatch {
  private readonly watched = new Map<string, AbortController>();
  private readonly passed = new Set<string>();

  constructor(
    private readonly engine: DynoHost,
    private readonly clock: Clock,
    /** Called when a dyno has become ready. */
    private readonly changed: (instance: string) => void,
  ) {}

  /** Begins to watch; watching the same dyno twice is once. */
  watch(handle: DynoHandle, check: ReadinessCheck): void {
    if (this.watched.has(handle.instance) || this.passed.has(handle.instance)) return;
    const controller = new AbortController();
    this.watched.set(handle.instance, controller);
    void this.untilReady(handle, check, controller.signal);
  }

  isReady(instance: string): boolean {
    return this.passed.has(instance);
  }

  unwatch(instance: string): void {
    this.watched.get(instance)?.abort();
    this.watched.delete(instance);
    this.passed.delete(instance);
  }

  stop(): void {
    for (const controller of this.watched.values()) controller.abort();
    this.watched.clear();
  }

  private async untilReady(handle: DynoHandle, check: ReadinessCheck, signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      if (await this.passes(handle, check, signal).catch(() => false)) {
        if (this.watched.get(handle.instance)?.signal !== signal) return;
        this.passed.add(handle.instance);
        this.watched.delete(handle.instance);
        this.changed(handle.instance);
        return;
      }
      await this.clock.sleep(pause, signal);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
  }

  private async passes(handle: DynoHandle, check: ReadinessCheck, signal: AbortSignal): Promise<boolean> {
    switch (check.kind) {
      case 'uptime':
        await this.clock.sleep(check.ms, signal);
        return !signal.aborted;
      case 'command':
        return this.commandPasses(handle, check.command, check.timeoutMs);
      case 'listening':
        return handle.address !== null && (await accepts(handle.address, signal));
      case 'http':
        return handle.address !== null && (await answers(handle.address, check, signal));
    }
  }

  private async commandPasses(handle: DynoHandle, command: string, timeoutMs: number): Promise<boolean> {
    const attachment = await this.engine.exec(handle, { command, env: {}, terminal: null });
    attachment.stdin.end();
    attachment.stdout.resume();
    attachment.stderr?.resume();
    const timeout = this.clock.sleep(timeoutMs).then(() => null);
    const exit = await Promise.race([attachment.exited, timeout]);
    if (!exit) attachment.close();
    return exit?.code === 0;
  }
}

/** How long a connection attempt may take: on one machine it is accepted at once or not at all. */
const CONNECT_TIMEOUT_MS = 1000;
/** What relays a connection ends it sooner, if the dyno does not take it. */
const LASTING_MS = 300;

function accepts({ host, port, relayed }: DynoAddress, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    let lasting: NodeJS.Timeout | undefined;
    const end = (accepted: boolean) => () => {
      clearTimeout(lasting);
      socket.destroy();
      resolve(accepted);
    };
    const giveUp = end(false);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', giveUp));
    const connected = (): void => {
      lasting = setTimeout(end(true), relayed ? LASTING_MS : 0);
      socket.resume();
    };
    socket.once('connect', connected).once('data', end(true));
    socket.once('error', giveUp).once('timeout', giveUp).once('close', giveUp);
    if (signal.aborted) giveUp();
  });
}

/** At most that much of a body is read in search of the wanted content. */
const BODY_LIMIT_BYTES = 1024 * 1024;

function answers(
  { host, port }: DynoAddress,
  check: Extract<ReadinessCheck, { kind: 'http' }>,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({
      host,
      port,
      path: check.path,
      headers: check.headers,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs)]),
    });
    outgoing.once('error', () => resolve(false));
    outgoing.once('response', (response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (check.content !== null && body.length < BODY_LIMIT_BYTES) body += chunk;
      });
      response.once('error', () => resolve(false));
      response.once('end', () =>
        resolve(status >= 200 && status < 400 && (check.content === null || body.includes(check.content))),
      );
    });
    outgoing.end();
  });
}
