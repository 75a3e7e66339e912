import fc from 'fast-check';
import { setMaxListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogFilter, LogLine, NewLogLine } from '../../../daemon/logs/entry.js';
import { matches } from '../../../daemon/logs/filter.js';
import type { LogStore } from '../../../daemon/logs/log-store.js';
import { all, newLine, newLines, storeForTest, take, textsOf } from './support.js';

const APP = 'shop';
let logs: LogStore;
let end: () => void;
let reading: AbortController;

beforeEach(() => {
  ({ logs, end } = storeForTest());
  reading = new AbortController();
  setMaxListeners(0, reading.signal);
});

afterEach(() => {
  reading.abort();
  end();
});

const follow = (filter: LogFilter = {}, sequence = logs.newest(APP)) =>
  logs.follow(APP, filter, sequence, reading.signal);

describe('filters', () => {
  const dynos = ['web.1', 'web.2', 'web.11', 'website.1', 'router', 'run.1', 'we_.1', 'web'];
  const anyLine = fc.record({
    source: fc.constantFrom('app' as const, 'heroku' as const),
    dyno: fc.constantFrom(...dynos),
    stream: fc.constantFrom('stdout' as const, 'stderr' as const, null),
    release: fc.constantFrom(null, 1, 2),
    text: fc.string({ unit: fc.constantFrom('a', 'B', '%', '_', '\0', 'é', '*', '\n'), maxLength: 6 }),
    time: fc.integer({ min: 1, max: 50 }),
  });
  const anyFilter = fc.record(
    {
      source: fc.constantFrom('app' as const, 'heroku' as const),
      dyno: fc.constantFrom(...dynos),
      type: fc.constantFrom('web', 'run', 'router', 'we_', 'w%'),
      release: fc.constantFrom(1, 2, 3),
      since: fc.integer({ min: 0, max: 60 }),
      until: fc.integer({ min: 0, max: 60 }),
      grep: fc.string({ unit: fc.constantFrom('a', 'B', '%', '_', '\0', 'é', '*'), maxLength: 2 }),
    },
    { requiredKeys: [] },
  );

  it('mean the same in the history, in a page of it, and for one who follows', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLine, { maxLength: 40 }),
        anyFilter,
        fc.nat(12),
        async (given: NewLogLine[], asked, count) => {
          const appId = `app-${(run += 1)}`;
          logs.append(appId, given);
          const filter: LogFilter = asked;
          const stored = logs.last(appId, {}, 1_000);
          const wanted = stored.filter((line) => matches(filter, line));
          expect(logs.last(appId, filter, count)).toEqual(count === 0 ? [] : wanted.slice(-count));
          expect(await all(logs.read(appId, filter, 0, 1_000))).toEqual(wanted);
          const from = await logs.seek(appId, filter, count);
          const found = await all(logs.read(appId, filter, from, 1_000));
          expect(found).toEqual(count === 0 ? [] : wanted.slice(-count));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('find what is rare in a long history, and let others run meanwhile', async () => {
    logs.append(APP, [newLine('the needle')]);
    for (let at = 0; at < 120_000; at += 10_000) logs.append(APP, newLines(10_000));
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    const from = await logs.seek(APP, { grep: 'needle' }, 1);
    clearInterval(counting);
    expect(from).toBe(0);
    expect(turns).toBeGreaterThan(0);
    expect(textsOf(logs.last(APP, { grep: 'needle' }, 5))).toEqual(['the needle']);
  });
});

describe('following', () => {
  it('begins after the given line, history first, with nothing twice and nothing left out', async () => {
    logs.append(APP, newLines(350));
    const reader = follow({}, 100);
    const first = await take(reader, 10);
    logs.append(APP, newLines(50, 350));
    const rest = await take(reader, 290);
    expect(textsOf([...first, ...rest])).toEqual(newLines(300, 100).map(({ text }) => text));
  });

  it('loses nothing at the seam of history and news, whenever lines come', async () => {
    let written = 0;
    let stop = false;
    const writer = (async () => {
      while (!stop) {
        logs.append(APP, newLines(7, written));
        written += 7;
        await nextTurn();
      }
    })();
    for (let round = 0; round < 30; round += 1) {
      const after = Math.floor((logs.newest(APP) * round) / 30);
      const reader = logs.follow(APP, {}, after, reading.signal);
      const lines = (await take(reader, logs.newest(APP) - after + 40)) as LogLine[];
      expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, index) => after + 1 + index));
      const ending = reader.return(undefined);
      await Promise.race([ending, nextTurn()]);
    }
    stop = true;
    await writer;
  });

  it('gives a slow reader the newest 1 500 lines, and the exact number of those it missed', async () => {
    const reader = follow({ grep: '7' });
    const first = reader.next();
    logs.append(APP, [newLine('7 first')]);
    expect((await first).value).toMatchObject({ text: '7 first' });

    const count = 30_000;
    for (let at = 0; at < count; at += 1_000) logs.append(APP, newLines(1_000, at));
    const matching = newLines(count).filter(({ text }) => text.includes('7'));
    const [dropped, ...lines] = await take(reader, 1_501);
    expect(dropped).toEqual({ dropped: matching.length - 1_500 });
    expect(textsOf(lines)).toEqual(matching.slice(-1_500).map(({ text }) => text));
  });

  it('holds no more than 1 MiB for a slow reader of long lines', async () => {
    const reader = follow();
    const first = reader.next();
    logs.append(APP, [newLine('first')]);
    await first;
    for (let at = 0; at < 1_000; at += 10) logs.append(APP, newLines(10, at, 10_000));
    const [dropped, oldest] = await take(reader, 2);
    const missed = (dropped as { dropped: number }).dropped;
    expect(1_000 - missed).toBeLessThan((1024 * 1024) / 20_000);
    expect((oldest as LogLine).text).toContain(`line ${missed}.`);
  });

  it('drops exactly, whoever reads how slowly', async () => {
    const speeds = [1, 40, 700, 5_000];
    const total = 12_000;
    const readers = speeds.map((speed) => ({ speed, iterator: follow(), seen: 0, missed: 0 }));
    const firsts = readers.map(({ iterator }) => iterator.next());
    logs.append(APP, newLines(1));
    await Promise.all(firsts);
    for (let at = 1; at < total; at += 100) {
      logs.append(APP, newLines(100, at));
      await nextTurn();
      for (const reader of readers) {
        for (let step = 0; step < Math.min(reader.speed, 90); step += 1) await readOne(reader);
      }
    }
    logs.append(APP, [newLine('the end')]);
    for (const reader of readers) {
      while ((await readOne(reader)) !== 'the end');
      expect(reader.seen + reader.missed).toBe(logs.newest(APP) - 1);
    }
    expect(readers[0]?.missed).toBeGreaterThan(5_000);
  });

  async function readOne(reader: { iterator: AsyncIterator<unknown>; seen: number; missed: number }) {
    const event = (await reader.iterator.next()).value as LogLine | { dropped: number };
    if ('dropped' in event) reader.missed += event.dropped;
    else reader.seen += 1;
    return 'dropped' in event ? null : event.text;
  }

  it('costs a writer no more with two thousand readers than with one', async () => {
    const batches = Array.from({ length: 20 }, (_, index) => newLines(500, index * 500));
    const timeToAppend = () => {
      const begun = process.hrtime.bigint();
      for (const batch of batches) logs.append(APP, batch);
      return Number(process.hrtime.bigint() - begun) / 1e6;
    };
    logs.append(APP, newLines(1));
    const alone = Math.min(timeToAppend(), timeToAppend(), timeToAppend());
    const readers = Array.from({ length: 2_000 }, () => follow());
    const firsts = readers.map((reader) => reader.next());
    await nextTurn();
    const crowded = Math.min(timeToAppend(), timeToAppend(), timeToAppend());
    expect(crowded).toBeLessThan(alone * 3 + 50);
    await Promise.all(firsts);
    reading.abort();
    await Promise.all(readers.map((reader) => reader.return(undefined)));
  });

  it('is done in turns when many read, so that tfkd answers others meanwhile', async () => {
    const readers = Array.from({ length: 400 }, () => follow());
    const ends = readers.map(async (reader) => {
      for await (const event of reader) if (!('dropped' in event) && event.text === 'the end') break;
    });
    await nextTurn();
    logs.append(APP, [...newLines(1_499), newLine('the end')]);
    let turns = 0;
    let over = false;
    const everyone = Promise.all(ends).then(() => (over = true));
    while (!over) {
      await nextTurn();
      turns += 1;
    }
    await everyone;
    // 600 000 lines in portions of 8 000.
    expect(turns).toBeGreaterThan(50);
  });

  it('ends when the signal aborts, also while it waits', async () => {
    const reader = follow();
    const waiting = reader.next();
    await nextTurn();
    reading.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('ends when the app is destroyed, and late lines do not bring the app back', async () => {
    logs.append(APP, newLines(3));
    const early = follow({}, 0);
    const waiting = follow();
    const next = waiting.next();
    await take(early, 3);
    logs.drop(APP);
    expect((await next).done).toBe(true);
    expect((await early.next()).done).toBe(true);
    logs.append(APP, newLines(1), { source: 'dyno', value: '1' });
    expect(logs.newest(APP)).toBe(0);
    expect(await all(follow())).toEqual([]);
  });

  it('says how many lines the budget took from under a reader', async () => {
    const small = storeForTest({ budgetBytes: 1024 * 1024 });
    const write = (from: number) => {
      for (let at = 0; at < 20_000; at += 500) small.logs.append(APP, newLines(500, from + at, 100));
    };
    write(0);
    const [dropped, oldest] = await take(small.logs.read(APP, {}, 100, 20_000), 2);
    const missed = (dropped as { dropped: number }).dropped;
    expect((oldest as LogLine).sequence).toBe(100 + missed);
    expect((oldest as LogLine).text).toMatch(
      /^Error L12 \(Local buffer overflow\) -> \d+ messages dropped since /,
    );

    const reader = small.logs.follow(APP, {}, 19_800, reading.signal);
    const first = await take(reader, 10);
    write(20_000);
    expect(first).toHaveLength(10);
    const events = await take(reader, 91);
    // What it holds of the page, what the budget took of the history after it, and what came faster than it read.
    expect(events.at(-1)).toEqual({ dropped: 100 });
    expect(await take(reader, 1)).toEqual([{ dropped: 20_000 - 1_500 }]);
    small.end();
  });
});

describe('trouble with the disk', () => {
  it('never reaches the platform, and is told in the log when it is over', () => {
    const { logs: store, folder, end: close } = storeForTest();
    store.append(APP, newLines(1));
    const lines = (store as unknown as { lines: { append: () => unknown } }).lines;
    const working = lines.append.bind(lines);
    lines.append = () => {
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    };
    store.append(APP, newLines(2));
    store.append(APP, newLines(3));
    expect(() => store.append(APP, newLines(1), { source: 'dyno', value: '5' })).toThrow('disk is full');
    lines.append = working;
    store.append(APP, [newLine('back')]);
    expect(textsOf(store.last(APP, {}, 2))).toEqual([
      expect.stringMatching(/^Error L13 \(Local delivery error\) -> 5 messages lost since /),
      'back',
    ]);
    expect(folder).toBeTruthy();
    close();
  });

  it('is no reason to lose a follower: it goes on over a damaged database', async () => {
    const { logs: store, folder, end: close } = storeForTest();
    store.append(APP, newLines(10));
    const reader = store.follow(APP, {}, store.newest(APP), reading.signal);
    const next = reader.next();
    await nextTurn();
    store.close();
    writeFileSync(join(folder, `${APP}.db`), 'no database '.repeat(1_000));
    const again = storeForTest({ folder });
    again.logs.append(APP, [newLine('after')]);
    expect(textsOf(again.logs.last(APP, {}, 5))).toEqual([
      `The log database was damaged: it was set aside as ${APP}.damaged.db and the history begins anew`,
      'after',
    ]);
    expect((await next).done).toBe(true);
    again.end();
    close();
  });
});

it('what belongs to no app any more is removed', () => {
  logs.append('kept', newLines(1));
  logs.append('gone', newLines(1));
  logs.prune(['kept']);
  expect(logs.newest('kept')).toBe(1);
  expect(logs.newest('gone')).toBe(0);
});
