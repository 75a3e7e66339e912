import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynoHandle, DynoLine, Engine, LogBatch } from '../../../daemon/engines/engine.js';
import { Collector } from '../../../daemon/logs/collector.js';
import type { LogStore } from '../../../daemon/logs/log-store.js';
import type { Clock } from '../../../daemon/shared/clock.js';
import { silent, storeForTest, textsOf, until } from './support.js';

const APP = 'shop';

/** A dyno's output, given by line number; it lasts until `exit`, and can be made to fail. */
class ScriptedDyno implements Pick<Engine, 'followLogs'> {
  readonly lines: string[] = [];
  exited = false;
  lostBytes = 0;
  failures: string[] = [];
  calls: (string | null)[] = [];
  waiting = 0;
  batchSize = 3;

  async followLogs(
    _: DynoHandle,
    cursor: string | null,
    deliver: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    this.calls.push(cursor);
    let at = Number(cursor ?? 0);
    while (!signal.aborted) {
      const failure = this.failures.shift();
      if (failure !== undefined) throw new Error(failure);
      const texts = this.lines.slice(at, at + this.batchSize);
      if (texts.length === 0 && this.exited) return;
      if (texts.length > 0) {
        at += texts.length;
        const lines = texts.map((text): DynoLine => ({ time: null, stream: 'stderr', text }));
        const { lostBytes } = this;
        this.lostBytes = 0;
        await deliver({ lines, cursor: String(at), lostBytes });
      }
      this.waiting += 1;
      await nextTurn();
    }
  }
}

const handle = (instance: string): DynoHandle => ({
  engine: 'fake',
  version: 1,
  instance,
  address: null,
  data: {},
});
const origin = { dyno: 'web.1', releaseVersion: 4 };
/** Waits are cut short, and counted. */
const waits: number[] = [];
const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    waits.push(ms);
    await nextTurn();
  },
};

let logs: LogStore;
let end: () => void;
let dyno: ScriptedDyno;
let collector: Collector;

const collectorOver = (engine: Pick<Engine, 'followLogs'>) =>
  new Collector({ engine, logs, clock, logger: silent });

beforeEach(() => {
  waits.length = 0;
  ({ logs, end } = storeForTest());
  dyno = new ScriptedDyno();
  collector = collectorOver(dyno);
});

afterEach(async () => {
  await collector.stop();
  end();
});

describe('collecting', () => {
  it('stores a dyno’s lines with where they are from, and is over when it has exited', async () => {
    dyno.lines.push('one', 'two', 'three', 'four');
    dyno.exited = true;
    collector.track(APP, handle('i1'), origin);
    await collector.drained('i1');
    expect(textsOf(logs.last(APP, {}, 10))).toEqual(['one', 'two', 'three', 'four']);
    expect(logs.last(APP, {}, 1)[0]).toMatchObject({
      source: 'app',
      dyno: 'web.1',
      release: 4,
      stream: 'stderr',
    });
    expect(logs.cursor(APP, 'i1')).toBe('4');
  });

  it('is begun once, however often it is asked for', async () => {
    for (let round = 0; round < 5; round += 1) collector.track(APP, handle('i1'), origin);
    dyno.lines.push('only once');
    dyno.exited = true;
    await collector.drained('i1');
    collector.track(APP, handle('i1'), origin);
    await collector.drained('i1');
    expect(dyno.calls).toEqual([null]);
    expect(logs.newest(APP)).toBe(1);
  });

  it('is not over while the dyno lives', async () => {
    collector.track(APP, handle('i1'), origin);
    let over = false;
    const drained = collector.drained('i1').then(() => (over = true));
    await until(() => dyno.waiting > 20, 'twenty looks at a silent dyno');
    expect(over).toBe(false);
    dyno.exited = true;
    await drained;
  });

  it('goes on from what was committed when the engine fails, waiting longer each time', async () => {
    dyno.lines.push(...Array.from({ length: 10 }, (_, index) => `line ${index}`));
    dyno.failures.push('no engine', 'still none', 'none');
    dyno.exited = true;
    collector.track(APP, handle('i1'), origin);
    await collector.drained('i1');
    expect(logs.newest(APP)).toBe(10);
    expect(waits).toEqual([250, 500, 1000]);

    dyno.exited = false;
    collector.track(APP, handle('i2'), origin);
    await until(() => logs.newest(APP) === 20, 'the second dyno’s lines');
    dyno.failures.push('gone in the middle');
    dyno.lines.push('line 10');
    await until(() => logs.newest(APP) === 21, 'the line after the failure');
    expect(dyno.calls.at(-1)).toBe('10');
  });

  it('goes on from the cursor in the next tfkd', async () => {
    dyno.lines.push('a', 'b');
    collector.track(APP, handle('i1'), origin);
    await until(() => logs.newest(APP) === 2, 'two lines');
    await collector.stop();
    collector.track(APP, handle('i9'), origin);
    expect(dyno.calls).toEqual([null]);

    dyno.lines.push('c');
    dyno.exited = true;
    const next = collectorOver(dyno);
    next.track(APP, handle('i1'), origin);
    await next.drained('i1');
    expect(textsOf(logs.last(APP, {}, 10))).toEqual(['a', 'b', 'c']);
  });

  it('says how many bytes a dyno lost, before the lines that came after them', async () => {
    dyno.lostBytes = 1234;
    dyno.lines.push('after the loss');
    dyno.exited = true;
    collector.track(APP, handle('i1'), origin);
    await collector.drained('i1');
    const [loss, line] = logs.last(APP, {}, 2);
    expect(loss?.text).toMatch(/^Error L12 \(Local buffer overflow\) -> 1234 bytes dropped since 20/);
    expect(loss).toMatchObject({ source: 'heroku', dyno: 'web.1', release: 4 });
    expect(line?.text).toBe('after the loss');
  });

  it('keeps a batch until the disk takes it', async () => {
    const append = logs.append.bind(logs);
    let refusals = 3;
    const full: Pick<LogStore, 'append' | 'cursor' | 'forget'> = {
      append: (...given) => {
        if ((refusals -= 1) >= 0) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
        append(...given);
      },
      cursor: logs.cursor.bind(logs),
      forget: logs.forget.bind(logs),
    };
    const patient = new Collector({ engine: dyno, logs: full, clock, logger: silent });
    dyno.lines.push('a', 'b', 'c', 'd');
    dyno.exited = true;
    patient.track(APP, handle('i1'), origin);
    await patient.drained('i1');
    expect(textsOf(logs.last(APP, {}, 10))).toEqual(['a', 'b', 'c', 'd']);
    expect(dyno.calls).toEqual([null]);
  });

  it('ends at once when told to, even while the disk takes nothing, and the engine keeps the lines', async () => {
    const refusing = {
      append: () => {
        throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
      },
      cursor: () => null,
      forget: () => undefined,
    };
    let resolved = false;
    const engine: Pick<Engine, 'followLogs'> = {
      followLogs: async (_, __, deliver) => {
        await deliver({ lines: [{ time: null, stream: 'stdout', text: 'x' }], cursor: '1', lostBytes: 0 });
        resolved = true;
      },
    };
    const stuck = new Collector({ engine, logs: refusing, clock, logger: silent });
    stuck.track(APP, handle('i1'), origin);
    await until(() => waits.length > 3, 'some tries');
    const drained = stuck.drained('i1');
    await stuck.untrack('i1');
    await drained;
    expect(resolved).toBe(false);
  });

  it('forgets the cursor of a dyno that was removed', async () => {
    dyno.lines.push('a');
    dyno.exited = true;
    collector.track(APP, handle('i1'), origin);
    await collector.drained('i1');
    await collector.untrack('i1');
    expect(logs.cursor(APP, 'i1')).toBeNull();
    await collector.untrack('i1');
    await collector.drained('i1');
  });

  it('takes one batch a turn over all dynos, so that a flood leaves time for others', async () => {
    const dynos = Array.from({ length: 20 }, () => new ScriptedDyno());
    for (const each of dynos) each.lines.push(...Array.from({ length: 30 }, (_, index) => `line ${index}`));
    const byInstance = new Map(dynos.map((each, index) => [`i${index}`, each]));
    let appends = 0;
    let most = 0;
    let appendsAtTurn = 0;
    const watched = new Collector({
      engine: {
        followLogs: (of, ...rest) =>
          byInstance.get(of.instance)?.followLogs(of, ...rest) ?? Promise.reject(new Error('unknown')),
      },
      logs: {
        append: (...given) => {
          appends += 1;
          logs.append(...given);
        },
        cursor: logs.cursor.bind(logs),
        forget: logs.forget.bind(logs),
      },
      clock,
      logger: silent,
    });
    for (const instance of byInstance.keys()) watched.track(APP, handle(instance), origin);
    while (logs.newest(APP) < 600) {
      await nextTurn();
      most = Math.max(most, appends - appendsAtTurn);
      appendsAtTurn = appends;
    }
    expect(most).toBeLessThanOrEqual(2);
    await watched.stop();
  });
});
