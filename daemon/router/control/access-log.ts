import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccessLine } from './protocol.js';

/**
 * The router's access log on disk, as its writer (a worker) and its reader (the control plane) agree on it.
 *
 * `<home>/router/log/worker-<slot>.<seq>.jsonl`, one `AccessLine` a line. A segment is written by one process only and never
 * appended to by another: a worker begins with a number above all of its slot, and goes on to the next when a segment is full.
 * A slot is given to a new worker only when its former one has ended, so **a segment is finished as soon as its slot has one with
 * a higher number**. The reader deletes finished segments it has read; a line is whole when its `\n` is there. When
 * nobody reads, the oldest segments are deleted by the writers (64 files by default).
 */
export interface LogSegment {
  readonly path: string;
  readonly slot: number;
  readonly seq: number;
  /** No more lines will come. */
  readonly finished: boolean;
}

const NAME = /^worker-(\d{1,6})\.(\d{1,12})\.jsonl$/;

export function logFolder(home: string): string {
  return join(home, 'router', 'log');
}

export function segmentName(slot: number, seq: number): string {
  return `worker-${slot}.${String(seq).padStart(6, '0')}.jsonl`;
}

/** All segments, by slot and then in the order they were written; an absent folder has none. */
export async function listSegments(folder: string): Promise<LogSegment[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = (await readdir(folder)).flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [{ path: join(folder, name), slot: Number(match[1]), seq: Number(match[2]) }] : [];
  });
  const newest = new Map<number, number>();
  for (const { slot, seq } of found) newest.set(slot, Math.max(seq, newest.get(slot) ?? 0));
  return found
    .map((segment) => ({ ...segment, finished: segment.seq < (newest.get(segment.slot) ?? 0) }))
    .sort((a, b) => a.slot - b.slot || a.seq - b.seq);
}

/** One line of a segment, without its `\n`; undefined when it is not one (torn by a full disk or a power cut). */
export function parseAccessLine(line: string): AccessLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isAccessLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isAccessLine(value: unknown): value is AccessLine {
  if (typeof value !== 'object' || value === null) return false;
  const { appId, time, text } = value as Record<string, unknown>;
  return typeof appId === 'string' && typeof time === 'number' && typeof text === 'string';
}
