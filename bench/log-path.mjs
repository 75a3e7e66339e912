/**
 * Lines a second through the log path: engine -> collector -> store -> a reader that follows, without loss.
 *
 *   node bench/log-path.mjs [--dist dist] [--lines 1000000] [--bytes 100] [--dynos 1] [--followers 1] [--budget 4096]
 *
 * The engine is simulated: batches of at most 64 KiB, cut from memory as the process engine cuts them from its segments.
 * `--budget`: MB of history kept; below what is written, the cost of dropping the oldest is in the figure too.
 * The bare insert into SQLite with the same settings is measured in the same run, so that the figure is a ratio too.
 */
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    lines: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '100' },
    dynos: { type: 'string', default: '1' },
    followers: { type: 'string', default: '1' },
    budget: { type: 'string', default: '4096' },
  },
});
const [lineCount, lineBytes, dynoCount, followerCount] = [
  values.lines,
  values.bytes,
  values.dynos,
  values.followers,
].map(Number);

const load = (path) => import(pathToFileURL(resolve(values.dist, path)).href);
const { LogStore } = await load('daemon/logs/log-store.js');
const { Collector } = await load('daemon/logs/collector.js');
const { systemClock } = await load('daemon/shared/clock.js');
const quiet = { warn: console.error, error: console.error, info() {} };

const batchLines = Math.max(1, Math.floor(65_536 / (lineBytes + 1)));
const textOf = (number) => `${number} `.padEnd(lineBytes, 'x');

function simulatedEngine(perDyno) {
  return {
    async followLogs(_, cursor, deliver, signal) {
      let at = Number(cursor ?? 0);
      while (at < perDyno && !signal.aborted) {
        const lines = [];
        const end = Math.min(at + batchLines, perDyno);
        for (let number = at; number < end; number += 1) {
          lines.push({ time: null, stream: 'stdout', text: textOf(number) });
        }
        at = end;
        await deliver({ lines, cursor: String(at), lostBytes: 0 });
      }
    },
  };
}

/** Until the reader has seen all, or been told what it missed. */
async function count(events, wanted) {
  const seen = { lines: 0, dropped: 0 };
  for await (const event of events) {
    if ('dropped' in event) seen.dropped += event.dropped;
    else seen.lines += 1;
    if (seen.lines + seen.dropped >= wanted) break;
  }
  return seen;
}

/** Microseconds of processor time: what stays comparable on a machine that does other things too. */
function processorTime(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

async function wholePath(folder) {
  const perDyno = Math.floor(lineCount / dynoCount);
  const logs = new LogStore({
    folder,
    clock: systemClock,
    logger: quiet,
    budgetBytes: Number(values.budget) * 1024 ** 2,
  });
  const collector = new Collector({
    engine: simulatedEngine(perDyno),
    logs,
    clock: systemClock,
    logger: quiet,
  });
  const reading = new AbortController();
  setMaxListeners(0, reading.signal);
  const readers = [];
  for (let index = 0; index < followerCount; index += 1)
    readers.push(count(logs.follow('bench', {}, 0, reading.signal), perDyno * dynoCount));

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begun = performance.now();
  const usage = process.cpuUsage();
  const instances = Array.from({ length: dynoCount }, (_, index) => `i${index}`);
  for (const [index, instance] of instances.entries()) {
    const handle = { engine: 'fake', version: 1, instance, address: null, data: {} };
    collector.track('bench', handle, { dyno: `web.${index + 1}`, releaseVersion: 1 });
  }
  await Promise.all(instances.map((instance) => collector.drained(instance)));
  const seconds = (performance.now() - begun) / 1000;
  const cpu = processorTime(usage);
  delay.disable();

  const stored = logs.newest('bench');
  const giveUp = setTimeout(() => reading.abort(), 60_000);
  const seen = await Promise.all(readers);
  clearTimeout(giveUp);
  logs.close();
  return { seconds, cpu, stored, wanted: perDyno * dynoCount, delay, seen };
}

async function bareInsert(folder) {
  const { default: Sqlite } = await import('better-sqlite3');
  const db = new Sqlite(join(folder, 'bare.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(
    'CREATE TABLE lines (sequence INTEGER PRIMARY KEY, time INTEGER, source INTEGER, dyno TEXT, stream INTEGER, release INTEGER, text TEXT)',
  );
  const insert = db.prepare('INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)');
  const begun = performance.now();
  const usage = process.cpuUsage();
  for (let at = 0; at < lineCount; at += batchLines) {
    db.transaction(() => {
      for (let number = at; number < Math.min(at + batchLines, lineCount); number += 1) {
        insert.run(number + 1, 1_785_578_400_000_000, 0, 'web.1', 1, 1, textOf(number));
      }
    })();
  }
  const seconds = (performance.now() - begun) / 1000;
  const cpu = processorTime(usage);
  db.close();
  return { seconds, cpu };
}

const folder = mkdtempSync(join(tmpdir(), 'tfk-bench-logs-'));
try {
  const bare = await bareInsert(folder);
  const { seconds, cpu, stored, wanted, delay, seen } = await wholePath(join(folder, 'logs'));
  const exact = seen.every(({ lines, dropped }) => lines + dropped === wanted);
  const report = {
    lines: wanted,
    stored,
    lost: wanted - stored,
    linesPerSecond: Math.round(stored / seconds),
    megabytesPerSecond: Math.round((stored * (lineBytes + 1)) / seconds / 1e6),
    bareInsertLinesPerSecond: Math.round(lineCount / bare.seconds),
    ratioToBareInsert: Number((bare.seconds / seconds).toFixed(2)),
    processorMicrosecondsPerLine: {
      path: Number((cpu / wanted).toFixed(2)),
      bareInsert: Number((bare.cpu / lineCount).toFixed(2)),
    },
    eventLoopDelayMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    residentMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
    followers: { count: seen.length, seen: seen[0]?.lines ?? 0, dropped: seen[0]?.dropped ?? 0, exact },
  };
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = stored === wanted && exact ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
