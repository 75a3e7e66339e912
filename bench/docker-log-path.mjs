/**
 * Lines a second that the docker engine's log reader delivers, while a container writes them at full speed, and what is lost.
 *
 *   node bench/docker-log-path.mjs [--dist dist] [--lines 1000000] [--bytes 96] [--reader files|api] [--away 0] [--image node:20-slim]
 *
 * `--away`: seconds without a reader in the middle; a new one goes on from the cursor. Needs a Docker engine at DOCKER_SOCKET
 * (/var/run/docker.sock), and for the files of its log the rights to read them. A reader that only counts takes the lines.
 */
import Docker from 'dockerode';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    lines: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '96' },
    reader: { type: 'string', default: 'files' },
    away: { type: 'string', default: '0' },
    image: { type: 'string', default: 'node:20-slim' },
  },
});
const [lineCount, lineBytes, awaySeconds] = [values.lines, values.bytes, values.away].map(Number);

const load = (path) => import(pathToFileURL(resolve(values.dist, path)).href);
const { DynoLogs } = await load('daemon/engines/docker/logs/dyno-logs.js');
const { logConfig } = await load('daemon/engines/docker/logs/log-config.js');
const { systemClock: clock } = await load('daemon/shared/clock.js');

const docker = new Docker({ socketPath: process.env.DOCKER_SOCKET ?? '/var/run/docker.sock' });
const { DockerRootDir: rootDir } = await docker.info();
const client = { api: async () => docker, host: async () => ({ rootDir, local: values.reader === 'files' }) };
const logger = { warn: console.error, info() {} };

/** Numbered lines, as fast as they are taken. */
const WRITER = `
const { writeSync } = require('node:fs');
const [count, bytes] = process.argv.slice(1).map(Number);
const fill = 'x'.repeat(bytes);
for (let at = 0; at < count; ) {
  let block = '';
  for (const end = Math.min(at + 500, count); at < end; at += 1) block += (at + ' ' + fill).slice(0, bytes) + '\\n';
  for (let rest = Buffer.from(block); rest.length > 0; ) rest = rest.subarray(writeSync(1, rest));
}`;

const seen = { next: 0, lines: 0, repeated: 0, lostBytes: 0, cursor: null };

async function deliver({ lines, cursor, lostBytes }) {
  for (const { text } of lines) {
    const number = Number.parseInt(text, 10);
    if (number < seen.next) seen.repeated += 1;
    else seen.next = number + 1;
  }
  seen.lines += lines.length;
  seen.lostBytes += lostBytes;
  seen.cursor = cursor;
}

const follow = (id, signal) =>
  new DynoLogs({ client, clock, logger }).follow(id, seen.cursor, deliver, signal);

async function untilLeft(id) {
  const leaving = new AbortController();
  const followed = follow(id, leaving.signal);
  while (seen.lines === 0) await clock.sleep(10);
  await clock.sleep(500);
  leaving.abort();
  await followed;
}

const container = await docker.createContainer({
  Image: values.image,
  Cmd: ['node', '-e', WRITER, String(lineCount), String(lineBytes)],
  HostConfig: { Init: true, NetworkMode: 'none', LogConfig: logConfig('logged') },
  Labels: { 'tfk.bench': 'docker-log-path' },
});
try {
  await container.start();
  const begun = performance.now();
  const exited = container.wait().then(() => performance.now());
  if (awaySeconds > 0) {
    await untilLeft(container.id);
    await clock.sleep(awaySeconds * 1000);
  }
  const back = { at: performance.now(), lines: seen.lines };
  const usage = process.cpuUsage();
  await follow(container.id, new AbortController().signal);
  const { user, system } = process.cpuUsage(usage);
  const seconds = (performance.now() - back.at) / 1000;
  const report = {
    lines: lineCount,
    delivered: seen.lines,
    missing: lineCount - seen.lines + seen.repeated,
    repeated: seen.repeated,
    lostBytes: seen.lostBytes,
    linesPerSecond: Math.round((seen.lines - back.lines) / seconds),
    writerSeconds: Number((((await exited) - begun) / 1000).toFixed(2)),
    processorMicrosecondsPerLine: Number(((user + system) / (seen.lines - back.lines)).toFixed(2)),
    residentMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  };
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.missing === 0 && report.repeated === 0 ? 0 : 1;
} finally {
  await container.remove({ force: true, v: true });
}
