import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SourceReader, type ReadingLimits } from '../../../daemon/build/source-reader.js';
import { builtProgram } from '../../support/built.js';
import { aSource } from './support.js';

let program = '';
beforeAll(() => {
  program = builtProgram('daemon/build/reading/main.js');
}, 120_000);

const never = new AbortController().signal;

function aReader(
  files: Readonly<Record<string, unknown>>,
  limits: Partial<ReadingLimits> = {},
  signal = never,
): SourceReader {
  const all = { milliseconds: 30_000, memoryMegabytes: 256, ...limits };
  const reader = new SourceReader(program, aSource(files), all, signal);
  onTestFinished(() => reader.close());
  return reader;
}

const PREPARE = { buildpacks: [], isNew: false };
const CONTEXT = { config: { TFK_BUILD_CONFIG: 'TOKEN', TOKEN: 'hunter2' }, images: false };
/** Half a megabyte of patterns, each of which is compared with each name: a quarter of an hour. */
const FOR_EVER = {
  '.slugignore': Array.from({ length: 80_000 }, (_, index) => `*a*${index.toString(36)}`).join('\n'),
  ...Object.fromEntries(Array.from({ length: 800 }, (_, index) => [`${'a'.repeat(200)}${index}`, ''])),
};

test('a source is prepared, decided on and told file by file', async () => {
  const reader = aReader({
    Procfile: 'web: ./run\n',
    '.slugignore': 'junk\n',
    junk: 'x',
    'größe.txt': '1',
  });
  expect(await reader.ask('prepare', { ...PREPARE, buildpacks: ['heroku/procfile'] })).toEqual([
    'heroku/procfile',
  ]);
  expect(await reader.ask('decide', CONTEXT)).toMatchObject({
    plan: { planner: 'procfile', buildConfig: ['TOKEN'] },
    processTypes: { web: './run' },
    appJson: null,
    buildConfig: { TOKEN: 'hunter2' },
  });
  const { files, hash } = await reader.ask('contents', null);
  expect(Object.keys(files)).toEqual(['.slugignore', 'Procfile', 'größe.txt']);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

describe('what a source does to who reads it', () => {
  test('for ever: ends in an error that says so, while tfkd goes on', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 10);
    onTestFinished(() => clearInterval(ticking));
    await expect(aReader(FOR_EVER, { milliseconds: 4000 }).ask('prepare', PREPARE)).rejects.toMatchObject({
      reason: 'plan',
      message:
        'The source cannot be read: it takes more than 4 s. The last file that was read is .slugignore.',
      hint: expect.stringContaining('.slugignore') as string,
    });
    expect(turns).toBeGreaterThan(5);
  });

  test('with more memory than there is for it: the same', async () => {
    const reader = aReader({ 'pnpm-lock.yaml': 'x' }, { memoryMegabytes: 4 });
    await expect(reader.ask('contents', null)).rejects.toMatchObject({
      reason: 'plan',
      message: 'The source cannot be read: it takes more than 4 MB of memory.',
    });
    // Nobody waits for one that is gone.
    await expect(reader.ask('contents', null)).rejects.toMatchObject({ reason: 'plan' });
  });

  test('contradict itself: is told as it is, and the next question is answered', async () => {
    const reader = aReader({ Procfile: 'web\n' });
    await expect(reader.ask('decide', CONTEXT)).rejects.toMatchObject({
      reason: 'plan',
      message: expect.stringContaining('Procfile line 1') as string,
    });
    expect(Object.keys((await reader.ask('contents', null)).files)).toEqual(['Procfile']);
  });
});

test('a build that is cancelled ends the reading at once', async () => {
  const stop = new AbortController();
  const asked = aReader(FOR_EVER, {}, stop.signal).ask('prepare', PREPARE);
  setTimeout(() => stop.abort(new Error('cancelled')), 200);
  await expect(asked).rejects.toThrow('cancelled');
});

test('nothing is read behind a link', async () => {
  const folder = aSource({ Procfile: 'web: x\n' });
  symlinkSync('/etc/hostname', join(folder, 'app.json'));
  const reader = new SourceReader(program, folder, { milliseconds: 30_000, memoryMegabytes: 256 }, never);
  onTestFinished(() => reader.close());
  await expect(reader.ask('decide', CONTEXT)).rejects.toMatchObject({
    message: expect.stringContaining('app.json is not a regular file') as string,
  });
});
