import { afterAll, describe, expect, test } from 'vitest';
import { describeDocker } from '../../support/docker.js';
import { firstDifference, LogBench, numbers, smallFiles, type Reader } from './log-bench.js';

const never = () => new AbortController().signal;

await describeDocker('Logs of dynos', (found) => {
  const bench = new LogBench(found);
  afterAll(() => bench.dispose());

  describe.each<Reader>(['files', 'api'])('read by %s', (reader) => {
    test('both streams, empty lines, carriage returns and a last line without a newline', async () => {
      const from = Date.now() * 1000;
      const id = await bench.run(`echo out; echo; printf 'dos\\r\\n'; echo err >&2; printf last`);
      const { lines } = await bench.follow(reader, id);
      const of = (wanted: string) => lines.filter(({ stream }) => stream === wanted).map(({ text }) => text);
      expect(of('stdout')).toEqual(['out', '', 'dos', 'last']);
      expect(of('stderr')).toEqual(['err']);
      for (const { time } of lines) {
        expect(time).toBeGreaterThanOrEqual(from);
        expect(time).toBeLessThanOrEqual(Date.now() * 1000);
      }
    });

    test('a line while the dyno goes on, soon after it was written', async () => {
      const id = await bench.run('sleep 1; echo ready; sleep 60');
      const { lines } = await bench.follow(reader, id, null, (texts) => texts.length > 0);
      const late = Date.now() - (lines[0]?.time ?? 0) / 1000;
      expect(lines).toMatchObject([{ text: 'ready' }]);
      expect(late).toBeLessThan(1_000);
    });

    test('long lines in pieces that never end inside a character', async () => {
      // dockerd cuts at 16 384 bytes, which is inside an é here.
      const program = `console.log('a'.repeat(9_999) + 'é'.repeat(20_000)); console.log('next')`;
      const { texts } = await bench.follow(reader, await bench.run(`node -e "${program}"`));
      expect(texts.pop()).toBe('next');
      expect(texts.join('')).toBe('a'.repeat(9_999) + 'é'.repeat(20_000));
      expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(10_000);
    });

    test('bytes that are no UTF-8, each replaced by one character', async () => {
      const { texts } = await bench.follow(reader, await bench.run(`printf 'a\\377b\\n\\303\\n'`));
      expect(texts).toEqual(['a\ufffdb', '\ufffd']);
    });

    test('all lines while dockerd changes files', async () => {
      const script = 'for i in $(seq 1 300); do seq $((i * 100 - 99)) $((i * 100)); sleep 0.01; done';
      const id = await bench.run(script, smallFiles(128 * 1024, 5));
      const { texts, lost } = await bench.follow(reader, id);
      expect(firstDifference(texts, numbers(1, 30_000))).toBeNull();
      expect(lost).toBe(0);
    });

    test('on from the cursor, again and again, with nothing twice and nothing lost', async () => {
      const script =
        'for i in $(seq 1 40); do seq $((i * 500 - 499)) $((i * 500)); sleep 0.05; done; printf end';
      const id = await bench.run(script, smallFiles(64 * 1024, 20));
      const texts: string[] = [];
      let cursor: string | null = null;
      while (texts.at(-1) !== 'end') {
        const followed = await bench.follow(reader, id, cursor, (some) => some.length >= 1_500);
        texts.push(...followed.texts);
        ({ cursor } = followed);
        expect(followed.lost).toBe(0);
      }
      expect(firstDifference(texts, [...numbers(1, 20_000), 'end'])).toBeNull();
      expect((await bench.follow(reader, id, cursor)).texts).toEqual([]);
    });

    test('a loss is told where dockerd has dropped what nobody had read', async () => {
      const script = 'seq 1 100; sleep 2; seq 101 30000';
      const id = await bench.run(script, smallFiles(64 * 1024, 3));
      const first = await bench.follow(reader, id, null, (texts) => texts.length >= 100);
      expect(first.texts).toEqual(numbers(1, 100));
      await bench.exited(id);
      const { texts, lost } = await bench.follow(reader, id, first.cursor);
      expect(lost).toBeGreaterThan(0);
      expect(texts.length).toBeGreaterThan(1_000);
      expect(firstDifference(texts, numbers(30_001 - texts.length, 30_000))).toBeNull();
    });

    test('again what could not be stored', async () => {
      const id = await bench.run('echo once');
      const refused = bench
        .dynoLogs(reader)
        .follow(id, null, () => Promise.reject(new Error('no room')), never());
      await expect(refused).rejects.toThrow('no room');
      expect((await bench.follow(reader, id)).texts).toEqual(['once']);
    });

    test('nothing after the abort', async () => {
      const id = await bench.run('while :; do echo again; sleep 0.001; done');
      const stop = new AbortController();
      let after = 0;
      const deliver = async () => {
        if (stop.signal.aborted) after += 1;
        else setTimeout(() => stop.abort(), 50);
      };
      await bench.dynoLogs(reader).follow(id, null, deliver, stop.signal);
      expect(after).toBe(0);
    });

    test('to the end of a dyno that is removed meanwhile', async () => {
      const id = await bench.run('echo here; sleep 60');
      let removing: Promise<unknown> | undefined;
      const { texts } = await bench.follow(reader, id, null, () => {
        removing ??= bench.docker.getContainer(id).remove({ force: true });
        return false;
      });
      expect(texts).toEqual(['here']);
      await Promise.resolve(removing);
      expect((await bench.follow(reader, id)).texts).toEqual([]);
    });

    test('a dyno that was killed, to its last line', async () => {
      const id = await bench.run('seq 1 1000; printf half; exec sleep 60');
      await bench.follow(reader, id, null, (texts) => texts.length >= 1_000);
      await bench.docker.getContainer(id).kill();
      expect((await bench.follow(reader, id)).texts).toEqual([...numbers(1, 1_000), 'half']);
    });
  });

  test('each reader goes on from the cursor of the other, also inside a long line', async () => {
    const program = `
      const { writeSync } = require('fs');
      const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      const write = (text) => { for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(1, rest)); };
      for (let i = 1; i <= 60; i++) {
        write(Array.from({ length: 100 }, (_, n) => 'line ' + i + ' ' + n + '\\n').join(''));
        write('x'.repeat(20_000)); wait(20); write('y'.repeat(30_000) + i + '\\n');
      }`;
    const id = await bench.run(`node -e "${program.replaceAll('\n', ' ')}"`, smallFiles(256 * 1024, 40));
    const texts: string[] = [];
    let cursor: string | null = null;
    const turns = { files: 0, api: 0 };
    for (let turn = 0; texts.at(-1) !== '60'; turn += 1) {
      const reader = turn % 2 === 0 ? 'files' : 'api';
      const followed = await bench.follow(reader, id, cursor, (some) => some.length >= 300);
      texts.push(...followed.texts);
      ({ cursor } = followed);
      expect(followed.lost).toBe(0);
      turns[reader] += 1;
    }
    const expected = numbers(1, 60).flatMap((i) => [
      ...numbers(0, 99).map((n) => `line ${i} ${n}`),
      ...['x', 'x', 'y', 'y', 'y'].map((letter) => letter.repeat(10_000)),
      i,
    ]);
    // The last piece of each long line is its number: the 50 000 letters fill five whole lines.
    expect(firstDifference(texts, expected)).toBeNull();
    expect(Math.min(turns.files, turns.api)).toBeGreaterThan(3);
  });

  test('an attached dyno has no log, and is followed to its end', async () => {
    const container = await found.docker.createContainer({
      Image: 'node:20-slim',
      Cmd: ['/bin/sh', '-c', 'echo unseen; sleep 0.5'],
      Labels: bench.names.labels('dyno'),
      HostConfig: { Init: true, NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
    });
    await container.start();
    expect((await bench.follow('files', container.id)).texts).toEqual([]);
    expect((await container.inspect()).State.Running).toBe(false);
  });

  test('a log whose driver is another is read by the API', async () => {
    const container = await found.docker.createContainer({
      Image: 'node:20-slim',
      Cmd: ['/bin/sh', '-c', 'seq 1 1000'],
      Labels: bench.names.labels('dyno'),
      HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'json-file', Config: {} } },
    });
    await container.start();
    expect((await bench.follow('files', container.id)).texts).toEqual(numbers(1, 1_000));
  });

  test('100 MB without a newline come in pieces, in bounded memory', async () => {
    const write = `const b = Buffer.alloc(65536, 120); for (let i = 0; i < 1600; i++) require('fs').writeSync(1, b)`;
    const id = await bench.run(`node -e "${write}"`);
    const before = process.memoryUsage().rss;
    let [bytes, longest, cursors] = [0, 0, 0];
    await bench.dynoLogs('files').follow(
      id,
      null,
      async ({ lines, cursor, lostBytes }) => {
        expect(lostBytes).toBe(0);
        for (const { text } of lines) {
          bytes += text.length;
          longest = Math.max(longest, text.length);
        }
        cursors = Math.max(cursors, cursor.length);
      },
      never(),
    );
    expect(bytes).toBe(1_600 * 65_536);
    expect(longest).toBe(10_000);
    expect(cursors).toBeLessThan(20_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });
});
