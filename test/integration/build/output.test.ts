import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BuildOutputs } from '../../../daemon/build/output.js';
import { createLogger } from '../../../daemon/shared/logger.js';
import { tempFolder, writeFiles } from './support.js';

const LIMIT = 100_000;
const silent = createLogger('silent', 'test');
const someOutputs = (folder = tempFolder()) => new BuildOutputs(folder, LIMIT, silent);

async function read(outputs: BuildOutputs, buildId: string, from = 0): Promise<string> {
  let text = '';
  for await (const chunk of outputs.read(buildId, from)) text += chunk.toString();
  return text;
}

describe('the output of a build', () => {
  test('has Heroku’s markers', async () => {
    const outputs = someOutputs();
    const log = outputs.open('b1');
    log.step('Step');
    log.detail('detail');
    log.warning('two\nlines');
    log.detail('');
    log.close();
    expect(await read(outputs, 'b1')).toBe('-----> Step\n       detail\n !     two\n !     lines\n\n');
  });

  test('is followed by many readers until it ends, from wherever they begin', async () => {
    const outputs = someOutputs();
    const log = outputs.open('b1');
    log.step('one');
    const readers = [read(outputs, 'b1'), read(outputs, 'b1', 4), read(outputs, 'b1', 10_000)];
    for (let line = 0; line < 500; line++) {
      log.detail(`line ${line}`);
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    log.close();
    const whole = await read(outputs, 'b1');
    expect(whole.split('\n')).toHaveLength(502);
    expect(await Promise.all(readers)).toEqual([whole, whole.slice(4), '']);
  });

  test('is read by a later tfkd, and can be gone on with', async () => {
    const folder = writeFiles(tempFolder(), { 'b1.log': '-----> Before\n' });
    const outputs = someOutputs(folder);
    expect(await read(outputs, 'b1')).toBe('-----> Before\n');
    const log = outputs.open('b1');
    log.warning('after');
    log.close();
    expect(await read(outputs, 'b1')).toBe('-----> Before\n !     after\n');
  });

  test('keeps nothing of a command behind the cut, though a short line would fit', async () => {
    const outputs = someOutputs();
    const log = outputs.open('b1');
    for (const text of ['x'.repeat(LIMIT - 300), 'y'.repeat(400), 'short']) log.detail(text);
    log.warning('Build failed');
    log.close();
    const text = await read(outputs, 'b1');
    expect(text).not.toContain('short');
    expect(text.trimEnd().split('\n').slice(1)).toEqual([
      expect.stringContaining('is not kept'),
      ' !     Build failed',
    ]);
  });

  test('keeps what fits of a flood, says that it is clipped, and still says how the build ended', async () => {
    const folder = tempFolder();
    const outputs = someOutputs(folder);
    const log = outputs.open('b1');
    for (let line = 0; line < 10_000; line++) log.detail('x'.repeat(100));
    log.warning('Build failed');
    log.close();
    expect(statSync(join(folder, 'b1.log')).size).toBeLessThan(LIMIT + 66_000);
    const text = await read(outputs, 'b1');
    expect(text.match(/is not kept/g)).toHaveLength(1);
    expect(text).toMatch(/Build failed\n$/);
  });

  test('that never was is not found, also by a name that leads elsewhere', async () => {
    await expect(read(someOutputs(), 'nosuch')).rejects.toMatchObject({ id: 'not_found' });
    await expect(read(someOutputs(), '../secret')).rejects.toMatchObject({ id: 'not_found' });
  });

  test('that cannot be written does not stop the build', () => {
    const outputs = someOutputs(join(writeFiles(tempFolder(), { file: 'x' }), 'file', 'builds'));
    const log = outputs.open('b1');
    log.step('goes on');
    log.close();
  });
});
