import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { builtProgram } from '../../support/built.js';
import { describeDocker } from '../../support/docker.js';
import { tempHome } from '../../support/temp-home.js';
import { firstDifference, LogBench, numbers, smallFiles, type Reader } from './log-bench.js';

/** Follows a container and writes lines and cursor down in one write, as a store's transaction would. */
const READER = `
const [dynoLogs, clock, endpoint, rootDir, reader, id, journal] = process.argv.slice(2);
const { appendFileSync, readFileSync } = await import('node:fs');
const { default: Docker } = await import('dockerode');
const { DynoLogs } = await import(dynoLogs);
const { systemClock } = await import(clock);
const docker = new Docker({ socketPath: endpoint.replace('unix://', '') });
const client = { api: async () => docker, host: async () => ({ rootDir, local: reader === 'files' }) };
const logger = { warn() {}, info() {} };
const done = readFileSync(journal, 'utf8').split('\\n');
// A write that was cut off is no commit.
const torn = done.pop() ?? '';
if (torn !== '') throw new Error('the journal is torn');
const cursor = done.length === 0 ? null : JSON.parse(done.at(-1)).cursor;
await new DynoLogs({ client, clock: systemClock, logger }).follow(id, cursor, async ({ lines, cursor, lostBytes }) => {
  appendFileSync(journal, JSON.stringify({ lines: lines.map((line) => line.text), cursor, lostBytes }) + '\\n');
}, new AbortController().signal);
`;

const KILLS = 12;

await describeDocker('A reader that is killed', (found) => {
  const bench = new LogBench(found);
  afterAll(() => bench.dispose());

  test.each<Reader>(['files', 'api'])('again and again writes each line down once, by %s', async (reader) => {
    const { endpoint, rootDir } = await found.client.host();
    const program = builtProgram('daemon/engines/docker/logs/dyno-logs.js');
    const clock = program.replace(/engines.docker.logs.dyno-logs/, 'shared/clock');
    const modules = [program, clock].map((path) => pathToFileURL(path).href);
    const script = join(tempHome(), 'reader.mjs');
    const journal = `${script}.journal`;
    await writeFile(script, READER.replace(`'dockerode'`, `'${import.meta.resolve('dockerode')}'`));
    await writeFile(journal, '');
    const id = await bench.run(
      'for i in $(seq 1 300); do seq $((i * 100 - 99)) $((i * 100)); sleep 0.02; done',
      smallFiles(64 * 1024, 20),
    );
    let kills = 0;
    for (;;) {
      const args = [script, ...modules, endpoint, rootDir, reader, id, journal];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      const ended = once(child, 'exit') as Promise<[number | null]>;
      if (kills < KILLS) {
        await Promise.race([grows(journal), ended]);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
        if (child.kill('SIGKILL')) kills += 1;
      }
      const [code] = await ended;
      if (code === null) continue;
      expect(code).toBe(0);
      break;
    }
    const batches = (await readFile(journal, 'utf8')).split('\n').filter(Boolean);
    const commits = batches.map((line) => JSON.parse(line) as { lines: string[]; lostBytes: number });
    const lines = commits.flatMap((commit) => commit.lines);
    expect(firstDifference(lines, numbers(1, 30_000))).toBeNull();
    expect(commits.reduce((sum, { lostBytes }) => sum + lostBytes, 0)).toBe(0);
    expect(kills).toBeGreaterThan(3);
  });
});

async function grows(path: string): Promise<void> {
  const { size } = await stat(path);
  while ((await stat(path)).size === size) await new Promise((resolve) => setTimeout(resolve, 5));
}
