import Database from 'better-sqlite3';
import fc from 'fast-check';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogLines, type LogLinesOptions, type NewLineRecord } from '../../../daemon/store/log-lines.js';

const APP = 'app-1';
const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER };
const MB = 1024 * 1024;

let folder: string;
let now: number;
let setAside: string[];
let opened: LogLines[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfk-lines-'));
  now = 1_000_000;
  setAside = [];
  opened = [];
});

afterEach(() => {
  for (const lines of opened) lines.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<LogLinesOptions> = {}): LogLines {
  const lines = new LogLines({
    folder,
    budgetBytes: 256 * MB,
    maxOpen: 4,
    now: () => now,
    texts: {
      trimmed: (count, since) => `dropped ${count} since ${since}`,
      setAside: (file) => `set aside as ${file}`,
    },
    onSetAside: (appId) => setAside.push(appId),
    ...options,
  });
  opened.push(lines);
  return lines;
}

function line(text: string, more: Partial<NewLineRecord> = {}): NewLineRecord {
  return { time: null, source: 'app', dyno: 'web.1', stream: 'stdout', release: 1, text, ...more };
}

function texts(lines: LogLines, appId = APP): string[] {
  return lines.first(appId, {}, ALL, 1_000_000).map(({ text }) => text);
}

/** Bytes of everything that belongs to the app, its write-ahead log too. */
function diskBytes(appId = APP): number {
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${appId}.`))
    .reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

function overwrite(path: string, flips: readonly (readonly [number, number])[]): void {
  const bytes = readFileSync(path);
  for (const [at, value] of flips) bytes[at % bytes.length] = value;
  writeFileSync(path, bytes);
}

describe('the lines of an app', () => {
  it('are kept in order and as they were, whatever characters they are made of', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 20 }), (given) => {
        const appId = `app-${Math.random().toString(36).slice(2)}`;
        const lines = open();
        lines.append(
          appId,
          given.map((text) => line(text)),
        );
        lines.close();
        const again = open();
        expect(texts(again, appId)).toEqual(given.map((text) => Buffer.from(text).toString()));
        again.drop(appId);
        again.close();
      }),
      { numRuns: 12 },
    );
  });

  it('have dense sequences, also over a restart', () => {
    open().append(APP, [line('a'), line('b')]);
    opened[0]?.close();
    const again = open();
    expect(again.append(APP, [line('c')])[0]?.sequence).toBe(3);
    expect(again.newest(APP)).toBe(3);
  });

  it('never go back in time, neither by the clock nor by a time that a line brings', () => {
    const lines = open();
    now = 5_000;
    lines.append(APP, [line('now'), line('older', { time: 4_000 }), line('of the future', { time: 9_000 })]);
    now = 3_000;
    lines.append(APP, [line('the clock went back')]);
    now = 6_000;
    lines.append(APP, [line('and on'), line('own time', { time: 5_500 })]);
    const times = lines.first(APP, {}, ALL, 10).map(({ time }) => time);
    expect(times).toEqual([5_000, 5_000, 5_000, 5_000, 6_000, 6_000]);
  });

  it('are found by time as a comparison of every line would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 60 }),
        fc.nat(200),
        fc.nat(200),
        (steps, since, until) => {
          const lines = open();
          lines.drop(APP);
          now = 10;
          for (const step of steps) {
            now += step;
            lines.append(APP, [line(String(now))]);
          }
          const found = lines.first(APP, {}, lines.span(APP, since, until), 100).map(({ time }) => time);
          const all = lines.first(APP, {}, ALL, 100).map(({ time }) => time);
          lines.close();
          expect(found).toEqual(all.filter((time) => time >= since && time <= until));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are of no app that was not written', () => {
    const lines = open();
    expect(lines.newest('nobody')).toBe(0);
    expect(lines.cursor('nobody', 'x')).toBeNull();
    expect(lines.last('nobody', {}, ALL, 10)).toEqual([]);
    expect(lines.span('nobody', 1, 2)).toEqual(ALL);
    expect(lines.apps()).toEqual([]);
  });

  it('are removed with their files, and those of others are not', () => {
    const lines = open();
    lines.append('app-1', [line('a')]);
    lines.append('app-12', [line('b')]);
    lines.drop('app-1');
    expect(lines.apps()).toEqual(['app-12']);
    expect(texts(lines, 'app-12')).toEqual(['b']);
  });

  it('are never looked for outside the folder', () => {
    const lines = open();
    for (const appId of ['../x', 'a/b', '', '.', 'a\0b']) {
      expect(() => lines.append(appId, [line('x')])).toThrow('not an app id');
    }
  });

  it('can be of many apps with few files open', () => {
    const lines = open({ maxOpen: 3 });
    for (let round = 0; round < 3; round += 1) {
      for (let app = 0; app < 12; app += 1) lines.append(`app-${app}`, [line(`${app}/${round}`)]);
    }
    for (let app = 0; app < 12; app += 1) {
      expect(texts(lines, `app-${app}`)).toEqual([`${app}/0`, `${app}/1`, `${app}/2`]);
    }
    // A closed database has no write-ahead log beside it.
    expect(readdirSync(folder).filter((file) => file.endsWith('-wal')).length).toBeLessThanOrEqual(3);
  });

  it('are written with the durability that was chosen, whatever the library was compiled with', () => {
    open().append(APP, [line('a')]);
    const db = new Database(join(folder, `${APP}.db`));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('auto_vacuum', { simple: true })).toBe(2);
    db.close();
    expect(statSync(join(folder, `${APP}.db`)).mode & 0o777).toBe(0o600);
  });
});

describe('cursors', () => {
  it('are committed with their lines, or neither is', () => {
    const lines = open();
    lines.append(APP, [line('a')], { source: 'dyno', value: '10' });
    const broken = line('b', { dyno: Symbol('no text') as unknown as string });
    expect(() => lines.append(APP, [line('b'), broken], { source: 'dyno', value: '20' })).toThrow();
    expect(lines.cursor(APP, 'dyno')).toBe('10');
    expect(texts(lines)).toEqual(['a']);
    expect(lines.append(APP, [line('c')])[0]?.sequence).toBe(2);
  });

  it('may move without lines, and are forgotten one by one', () => {
    const lines = open();
    lines.append(APP, [], { source: 'one', value: '1' });
    lines.append(APP, [], { source: 'two', value: '2' });
    lines.forget(APP, 'one');
    expect(lines.cursor(APP, 'one')).toBeNull();
    expect(lines.cursor(APP, 'two')).toBe('2');
  });
});

describe('the byte budget', () => {
  const budgetBytes = 2 * MB;

  function flood(lines: LogLines, count: number, size: number, from = 0): void {
    for (let at = 0; at < count; at += 500) {
      const batch = Array.from({ length: 500 }, (_, index) =>
        line(`${from + at + index} `.padEnd(size, 'x')),
      );
      now += 1;
      lines.append(APP, batch, { source: 'dyno', value: String(from + at + 500) });
    }
  }

  it('bounds the disk, however much is written and however line sizes change', () => {
    const lines = open({ budgetBytes });
    let most = 0;
    for (const [round, size] of [100, 10, 2_000, 60].entries()) {
      flood(lines, size > 1_000 ? 5_000 : 40_000, size, round * 1_000_000);
      most = Math.max(most, diskBytes());
    }
    // The budget, and a write-ahead log of at most 8 MB.
    expect(most).toBeLessThan(budgetBytes * 1.6 + 8 * MB);
    lines.close();
    expect(statSync(join(folder, `${APP}.db`)).size).toBeLessThan(budgetBytes * 1.6);
  });

  it('drops the oldest only, and counts them exactly in the line that stands in their place', () => {
    const lines = open({ budgetBytes });
    flood(lines, 60_000, 100);
    const kept = lines.first(APP, {}, ALL, 100_000);
    const [notice, ...rest] = kept;
    const first = Number(rest[0]?.text.split(' ')[0]);
    expect(notice?.text).toBe(`dropped ${first} since 1000001`);
    expect(notice).toMatchObject({ source: 'heroku', dyno: 'logplex', release: null });
    expect(first).toBeGreaterThan(30_000);
    expect(rest.map(({ text }) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: 60_000 - first }, (_, index) => first + index),
    );
    expect(kept.map(({ sequence }) => sequence)).toEqual(kept.map((_, index) => first + index));
    expect(lines.newest(APP)).toBe(60_000);
    expect(lines.cursor(APP, 'dyno')).toBe('60000');
  });

  it('goes on counting over restarts', () => {
    for (let round = 0; round < 4; round += 1) {
      const lines = open({ budgetBytes });
      flood(lines, 20_000, 100, round * 20_000);
      lines.close();
    }
    const kept = open({ budgetBytes }).first(APP, {}, ALL, 100_000);
    expect(kept[0]?.text).toBe(`dropped ${kept[1]?.text.split(' ')[0]} since 1000001`);
    expect(kept.filter(({ dyno }) => dyno === 'logplex')).toHaveLength(1);
  });

  it('gives the disk back when it was lowered', () => {
    const lines = open({ budgetBytes: 8 * MB });
    flood(lines, 60_000, 100);
    lines.close();
    const lower = open({ budgetBytes });
    flood(lower, 30_000, 100);
    lower.close();
    expect(statSync(join(folder, `${APP}.db`)).size).toBeLessThan(budgetBytes * 1.3);
  });
});

describe('a damaged database', () => {
  const path = () => join(folder, `${APP}.db`);

  it.each([
    ['is no database at all', () => writeFileSync(path(), 'this is not SQLite '.repeat(1_000))],
    ['was cut off', () => writeFileSync(path(), Buffer.alloc(300, 1))],
    [
      'lost its tables',
      () => new Database(path()).exec('CREATE TABLE x (y); PRAGMA user_version = 1').close(),
    ],
    ['is of a newer version', () => new Database(path()).exec('PRAGMA user_version = 99').close()],
  ])('that %s is set aside, and a new one says so', (_, damage) => {
    damage();
    const lines = open();
    lines.append(APP, [line('after')], { source: 'dyno', value: '1' });
    expect(texts(lines)).toEqual([`set aside as ${APP}.damaged.db`, 'after']);
    expect(lines.cursor(APP, 'dyno')).toBe('1');
    expect(setAside).toEqual([APP]);
    expect(existsSync(join(folder, `${APP}.damaged.db`))).toBe(true);
  });

  it('that broke while it was in use goes on with the next sequence', () => {
    const lines = open();
    lines.append(
      APP,
      Array.from({ length: 5_000 }, (_, index) => line(`line ${index}`)),
    );
    new Database(path()).exec('DROP TABLE lines').close();
    const [added] = lines.append(APP, [line('after')]);
    expect(added?.sequence).toBe(5_002);
    expect(texts(lines)).toEqual([`set aside as ${APP}.damaged.db`, 'after']);
  });

  it('never stops the log, wherever bytes were changed', () => {
    const lines = open();
    lines.append(
      APP,
      Array.from({ length: 2_000 }, (_, index) => line(`line ${index}`)),
    );
    lines.close();
    const size = statSync(path()).size;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(size - 1), fc.nat(255)), { minLength: 1, maxLength: 300 }),
        (flips) => {
          const db = open();
          db.drop(APP);
          db.append(
            APP,
            Array.from({ length: 2_000 }, (_, index) => line(`line ${index}`)),
          );
          db.close();
          overwrite(path(), flips);
          const damaged = open();
          const written = () => {
            damaged.append(APP, [line('written')]);
            damaged.first(APP, { grep: 'line' }, ALL, 10_000);
            return damaged.last(APP, {}, ALL, 1)[0]?.text;
          };
          // What was changed is met by the first writing and reading at the latest; then all is well again.
          written();
          expect(written()).toBe('written');
          damaged.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('keeps one file set aside, not one per damage', () => {
    for (let round = 0; round < 3; round += 1) {
      writeFileSync(path(), 'not SQLite '.repeat(500));
      const lines = open();
      lines.append(APP, [line('x')]);
      lines.close();
    }
    expect(readdirSync(folder).sort()).toEqual([`${APP}.damaged.db`, `${APP}.db`]);
  });
});
