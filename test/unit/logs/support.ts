import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { LogLine, NewLogLine } from '../../../daemon/logs/entry.js';
import { LogStore, type LogStoreOptions } from '../../../daemon/logs/log-store.js';
import { systemClock } from '../../../daemon/shared/clock.js';

export const silent = pino({ level: 'silent' });

export type Event = LogLine | { readonly dropped: number };

/** A store in a folder of its own; `end` closes and removes it. */
export function storeForTest(options: Partial<LogStoreOptions> = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tfk-logs-'));
  const logs = new LogStore({ folder, clock: systemClock, logger: silent, ...options });
  const end = () => {
    logs.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { logs, folder, end };
}

export function newLine(text: string, more: Partial<NewLogLine> = {}): NewLogLine {
  return { time: null, source: 'app', dyno: 'web.1', stream: 'stdout', release: 1, text, ...more };
}

export function newLines(count: number, from = 0, size = 0): NewLogLine[] {
  return Array.from({ length: count }, (_, index) => newLine(`line ${from + index}`.padEnd(size, '.')));
}

/** The next `count` events. */
export async function take<T>(events: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const result = await events.next();
    if (result.done === true) break;
    taken.push(result.value);
  }
  return taken;
}

export async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) found.push(event);
  return found;
}

export function textsOf(events: readonly Event[]): string[] {
  return events.map((event) => ('dropped' in event ? `(${event.dropped} dropped)` : event.text));
}

/** Waits for what will come, on however slow a machine. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const patience = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > patience) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
