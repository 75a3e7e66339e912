import { appendFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogStore } from '../../../daemon/logs/log-store.js';
import { RouterLines } from '../../../daemon/logs/router-lines.js';
import { segmentName } from '../../../daemon/router/control/access-log.js';
import { systemClock } from '../../../daemon/shared/clock.js';
import { silent, textsOf, until } from '../../unit/logs/support.js';

let home: string;
let folder: string;
let logs: LogStore;
let lines: RouterLines;
let apps: Set<string>;

const openStore = () => new LogStore({ folder: join(home, 'logs'), clock: systemClock, logger: silent });
const reader = (over: ConstructorParameters<typeof RouterLines>[0]['logs'] = logs) =>
  new RouterLines({
    folder,
    logs: over,
    isApp: (appId) => apps.has(appId),
    clock: systemClock,
    logger: silent,
  });
const segment = (slot: number, seq: number) => join(folder, segmentName(slot, seq));
const access = (appId: string, text: string, time = 1_785_578_400_000_000) =>
  `${JSON.stringify({ appId, time, text })}\n`;
const textsIn = (appId: string) => textsOf(logs.last(appId, {}, 100_000));

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tfk-router-lines-'));
  folder = join(home, 'router');
  apps = new Set(['a', 'b']);
  logs = openStore();
  lines = reader();
});

afterEach(async () => {
  await lines.stop();
  logs.close();
  rmSync(home, { recursive: true, force: true });
});

/** As after a kill -9: nothing that was only in memory is left. */
function restart(): void {
  logs.close();
  logs = openStore();
  lines = reader();
}

describe('router lines', () => {
  it('come into the logs of their apps as they are written', async () => {
    lines.start();
    await until(() => existsSync(folder), 'the folder');
    appendFileSync(segment(0, 1), access('a', 'at=info path="/1"'));
    await until(() => logs.newest('a') === 1, 'the first line');
    appendFileSync(segment(0, 1), access('b', 'at=info path="/2"') + access('a', 'at=info path="/3"'));
    await until(() => logs.newest('a') === 2 && logs.newest('b') === 1, 'the next lines');
    expect(logs.last('a', {}, 1)[0]).toMatchObject({
      source: 'heroku',
      dyno: 'router',
      stream: null,
      release: null,
      time: 1_785_578_400_000_000,
      text: 'at=info path="/3"',
    });
  });

  it('are taken only when they are whole', async () => {
    await lines.pass();
    const line = access('a', 'torn in two');
    appendFileSync(segment(0, 1), line.slice(0, 20));
    await lines.pass();
    expect(logs.newest('a')).toBe(0);
    appendFileSync(segment(0, 1), line.slice(20));
    await lines.pass();
    expect(textsIn('a')).toEqual(['torn in two']);
  });

  it('come once, over restarts and with files of many apps', async () => {
    await lines.pass();
    const wanted = { a: [] as string[], b: [] as string[] };
    for (let round = 0; round < 12; round += 1) {
      let written = '';
      for (let index = 0; index < 400; index += 1) {
        const app = (index * 7 + round) % 3 === 0 ? 'a' : 'b';
        wanted[app].push(`line ${round}/${index}`);
        written += access(app, `line ${round}/${index}`);
      }
      appendFileSync(segment(0, 1 + Math.floor(round / 4)), written);
      await lines.pass();
      restart();
    }
    await lines.pass();
    expect(textsIn('a')).toEqual(wanted.a);
    expect(textsIn('b')).toEqual(wanted.b);
  });

  it('come once when tfkd dies between the apps of one batch', async () => {
    await lines.pass();
    let written = '';
    for (let index = 0; index < 300; index += 1) written += access(index % 2 ? 'a' : 'b', `line ${index}`);
    appendFileSync(segment(0, 1), written);
    const dying = reader({
      append: (appId, ...rest) => {
        if (appId === 'a') throw new Error('killed');
        logs.append(appId, ...rest);
      },
      cursor: (...given) => logs.cursor(...given),
      forget: (...given) => logs.forget(...given),
    });
    await expect(dying.pass()).rejects.toThrow('killed');
    expect(logs.newest('b')).toBe(150);
    expect(logs.newest('a')).toBe(0);
    appendFileSync(segment(0, 1), access('b', 'one more'));
    restart();
    await lines.pass();
    expect(logs.newest('a')).toBe(150);
    expect(textsIn('b').at(-1)).toBe('one more');
    expect(logs.newest('b')).toBe(151);
  });

  it('let a file go only when it is finished and taken, and forget its cursors', async () => {
    await lines.pass();
    appendFileSync(segment(0, 1), access('a', 'first'));
    appendFileSync(segment(1, 7), access('a', 'of the other worker'));
    await lines.pass();
    expect(readdirSync(folder)).toHaveLength(2);
    appendFileSync(segment(0, 1), access('a', 'last') + '{"appId":"a","time":1,"te');
    appendFileSync(segment(0, 2), access('a', 'of the next file'));
    await lines.pass();
    expect(readdirSync(folder).sort()).toEqual([segmentName(0, 2), segmentName(1, 7)]);
    expect(textsIn('a').sort()).toEqual(['first', 'last', 'of the next file', 'of the other worker']);
    restart();
    await lines.pass();
    expect(logs.newest('a')).toBe(4);
  });

  it('of a new file under an old name are not taken for those that were there', async () => {
    await lines.pass();
    appendFileSync(segment(0, 1), access('a', 'old'));
    await lines.pass();
    // Another inode for the new file, as long as this one holds the old.
    appendFileSync(`${segment(0, 1)}.other`, access('a', 'new'));
    rmSync(segment(0, 1));
    renameSync(`${segment(0, 1)}.other`, segment(0, 1));
    restart();
    await lines.pass();
    expect(textsIn('a')).toEqual(['old', 'new']);
  });

  it('of apps that are gone are passed over, and bring no file back', async () => {
    await lines.pass();
    appendFileSync(segment(0, 1), access('gone', 'x') + access('a', 'y') + access('../../etc', 'z'));
    await lines.pass();
    expect(textsIn('a')).toEqual(['y']);
    expect(readdirSync(join(home, 'logs')).filter((file) => !file.startsWith('a.'))).toEqual([]);
  });

  it('that are none are passed over: the next are taken', async () => {
    await lines.pass();
    const rubbish = ['', 'null', '[]', '{"appId":1}', '\0\0\0', '{"appId":"a","time":"now","text":"x"}'];
    appendFileSync(segment(0, 1), rubbish.join('\n') + '\n' + access('a', 'good'));
    appendFileSync(segment(0, 1), 'x'.repeat(700_000) + '\n' + access('a', 'after a very long one'));
    await lines.pass();
    expect(textsIn('a')).toEqual(['good', 'after a very long one']);
    restart();
    await lines.pass();
    expect(logs.newest('a')).toBe(2);
  });

  it('wait for a disk that is full', async () => {
    let full = true;
    lines = reader({
      append: (...given) => {
        if (full) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
        logs.append(...given);
      },
      cursor: (...given) => logs.cursor(...given),
      forget: (...given) => logs.forget(...given),
    });
    lines.start();
    await until(() => existsSync(folder), 'the folder');
    appendFileSync(segment(0, 1), access('a', 'patient'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    full = false;
    await until(() => logs.newest('a') === 1, 'the line');
  });
});
