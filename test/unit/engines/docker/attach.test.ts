import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Demux } from '../../../../daemon/engines/docker/attach/demux.js';
import { launchCommand } from '../../../../daemon/engines/docker/attach/exec-scripts.js';
import { takeFirstLine } from '../../../../daemon/engines/docker/attach/first-line.js';

describe("Docker's frames of stdout and stderr", () => {
  test('are put together again, however they were cut on their way', () => {
    const frame = fc.record({ stream: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 40 }) });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 13 }));
    fc.assert(
      fc.property(fc.array(frame), cuts, (frames, lengths) => {
        const sent = Buffer.concat(frames.map(({ stream, data }) => framed(stream, data)));
        const demux = new Demux();
        const received = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
        for (let at = 0; at < sent.length;) {
          const length = Number(lengths.next().value);
          for (const { stream, data } of demux.take(sent.subarray(at, at + length))) {
            received[stream] = Buffer.concat([received[stream], data]);
          }
          at += length;
        }
        const of = (wanted: number) =>
          Buffer.concat(frames.filter(({ stream }) => stream === wanted).map(({ data }) => data));
        expect(received).toEqual({ stdout: of(1), stderr: of(2) });
      }),
    );
  });
});

describe('The first line of a stream', () => {
  test('is taken off it, and nothing more, in how many pieces it may come', async () => {
    const stream = new PassThrough();
    const line = takeFirstLine(stream);
    for (const piece of ['1', '2', '3\r\nre', 'st\nof it']) {
      stream.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    expect(await line).toBe('123');
    expect(await text(stream)).toBe('rest\nof it');
  });

  test('is all that there is where the stream ends before, or is torn', async () => {
    const short = new PassThrough();
    short.end('no newline');
    expect(await takeFirstLine(short)).toBe('no newline');
    const torn = new PassThrough();
    const line = takeFirstLine(torn);
    torn.destroy();
    expect(await line).toBe('');
  });

  test('has a limit', async () => {
    const endless = new PassThrough();
    endless.write('x'.repeat(10_000));
    expect((await takeFirstLine(endless)).length).toBeLessThanOrEqual(16_384);
  });
});

describe('The launch of a further process', () => {
  test('hands the command over as a word of its own, as it is written', () => {
    const command = `echo "$HOME" 'and' \`more\`\n`;
    expect(launchCommand(command, null, 'plain').at(-1)).toBe(command);
    expect(launchCommand('bin/console --all', null, 'plain').at(-1)).toBe('exec bin/console --all');
  });

  test('sizes the terminal before the command looks', () => {
    const [, , script = ''] = launchCommand('top', { columns: 91, rows: 23 }, 'plain');
    expect(script.indexOf('stty cols 91 rows 23')).toBeGreaterThan(-1);
    expect(script.indexOf('stty')).toBeLessThan(script.indexOf('exec /bin/sh'));
    expect(launchCommand('top', null, 'plain')[2]).not.toContain('stty');
  });
});

function framed(stream: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}
