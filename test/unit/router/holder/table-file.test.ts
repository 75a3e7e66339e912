import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RouteTable } from '../../../../daemon/router/control/protocol.js';
import { EMPTY_TABLE, parseTableFile, TableFile } from '../../../../daemon/router/holder/table-file.js';
import { createLogger } from '../../../../daemon/shared/logger.js';

let folder: string;
let path: string;
const logger = createLogger('silent', 'test');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfk-table-'));
  path = join(folder, 'table.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const table = (version: number): RouteTable => ({
  version,
  apps: [{ id: 'a', name: 'a', hosts: ['a.localhost'], state: 'idle', backends: [] }],
});

test('what was saved last is loaded', async () => {
  const file = new TableFile(path, logger);
  await Promise.all([1, 2, 3].map((version) => file.save(table(version))));
  expect(await new TableFile(path, logger).load()).toEqual(table(3));
});

test('a file cut at any byte, or with any byte changed, is not used: the one before is', async () => {
  const file = new TableFile(path, logger);
  await file.save(table(1));
  await file.save(table(2));
  const content = await readFile(path);
  for (let length = 0; length < content.length; length++) {
    expect(parseTableFile(content.subarray(0, length).toString()), `cut at ${length}`).toBeUndefined();
    const changed = Buffer.from(content);
    changed[length] = (changed[length] ?? 0) ^ 1;
    expect(parseTableFile(changed.toString()), `changed at ${length}`).toBeUndefined();
  }
  await writeFile(path, content.subarray(0, 50));
  expect(await new TableFile(path, logger).load()).toEqual(table(1));
  await writeFile(path, Buffer.from([0xff, 0, 1, 2]));
  expect(await new TableFile(path, logger).load()).toEqual(table(1));
});

test('without a sound file there is an empty table', async () => {
  expect(await new TableFile(path, logger).load()).toEqual(EMPTY_TABLE);
  await writeFile(path, 'garbage');
  expect(await new TableFile(path, logger).load()).toEqual(EMPTY_TABLE);
});

test('a table that cannot be written is not said to be saved', async () => {
  const file = new TableFile(join(folder, 'missing', 'table.json'), logger);
  await expect(file.save(table(1))).rejects.toThrow('ENOENT');
});
