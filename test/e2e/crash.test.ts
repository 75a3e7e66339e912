import autocannon from 'autocannon';
import Database from 'better-sqlite3';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSmallApp, Installation, type Ran } from '../support/installation.js';
import { untilSound } from '../support/invariants.js';
import { daemonsOf, dynoProcessesOf, killHard } from '../support/own-processes.js';

/** Requests a second, over connections kept alive. */
const RATE = 50;
/** At any moment of what is under way: from before tfkd hears of it until after it has ended. */
const LATEST_KILL_MS = 2_500;
const LATEST_START_KILL_MS = 1_200;

/** tfkd may die at any moment: what runs goes on, nothing is lost, and the next tfkd ends what was begun. */
describe('while tfkd is killed again and again', () => {
  let tfk: Installation;
  let source: string;
  let pushes = 0;

  beforeAll(async () => {
    tfk = new Installation();
    source = tfk.source('busy', busyApp());
    await tfk.ok('push', source);
    await tfk.ok('scale', 'web=2', 'worker=1', '-a', 'busy');
    await untilSound(tfk);
  });
  afterAll(() => tfk.remove());

  const push = (): Promise<Ran> => {
    writeFileSync(join(source, 'changed.txt'), String(++pushes));
    return tfk.tfk('push', source);
  };
  /** The next tfkd dies too, somewhere between its first line and the moment when it lets anybody in. */
  const killedWhileStarting = async (): Promise<string> => {
    const starting = tfk.tfk('ps', '-a', 'busy');
    const after = Math.floor(Math.random() * LATEST_START_KILL_MS);
    await sleep(after);
    const killed = daemonsOf(tfk).filter(killHard).length;
    await starting;
    return `while starting: ${killed} killed after ${after} ms`;
  };
  const operations: readonly (readonly [string, () => Promise<Ran>])[] = [
    ['push', push],
    ['scale up', () => tfk.tfk('scale', 'web=4', '-a', 'busy')],
    ['config:set', () => tfk.tfk('config:set', `COLOUR=${Math.random()}`, '-a', 'busy')],
    ['scale down', () => tfk.tfk('scale', 'web=2', '-a', 'busy')],
    ['restart', () => tfk.tfk('ps:restart', '-a', 'busy')],
    ['one-off', () => tfk.tfk('run', '-a', 'busy', '--', 'sh', '-c', 'sleep 1; echo done')],
    ['detached one-off', () => tfk.tfk('run:detached', '-a', 'busy', '--', 'sleep', '1')],
    ['rollback', () => tfk.tfk('rollback', 'v2', '-a', 'busy')],
    ['push again', push],
    ['nothing', () => tfk.tfk('ps', '-a', 'busy')],
  ];

  it(
    'no request fails, no line is lost, and each operation is done or not begun',
    { timeout: 280_000 },
    async () => {
      const load = new Load(tfk);
      const story: string[] = [];
      for (const [name, begin] of operations) {
        const after = Math.floor(Math.random() * LATEST_KILL_MS);
        const running = begin();
        await sleep(after);
        const killed = daemonsOf(tfk).filter(killHard).length;
        story.push(`${name}: ${killed} killed after ${after} ms`);
        if (Math.random() < 0.5) story.push(await killedWhileStarting());
        await tfk.ok('ps', '-a', 'busy');
        const { code, stderr } = await running;
        if (code !== 0) story.push(`${name} said: ${stderr.trim()}`);
      }
      const told = story.join('\n');
      await tfk.ok('scale', 'web=2', '-a', 'busy');
      await untilSound(tfk);
      const { failed, served } = await load.end();
      expect(failed, told).toBe('{"non2xx":0,"errors":0,"timeouts":0}');
      expect(served, told).toBeGreaterThan(RATE * 10);
      expect(brokenCounts(linesOf(tfk, 'worker.1')), told).toEqual([]);
      for (const [name, again] of operations)
        expect(await again(), `${name} again\n${told}`).toMatchObject({ code: 0 });
      await untilSound(tfk);
    },
  );

  it('a tfkd that is stopped for 20 seconds goes on with the same dynos', async () => {
    const before = instances();
    const [daemon = 0] = daemonsOf(tfk);
    process.kill(daemon, 'SIGSTOP');
    const asked = tfk.tfk('ps', '-a', 'busy');
    await sleep(20_000);
    expect((await tfk.get('busy')).status).toBe(200);
    process.kill(daemon, 'SIGCONT');
    expect(await asked).toMatchObject({ code: 0 });
    await untilSound(tfk);
    expect(instances()).toEqual(before);
    expect(daemonsOf(tfk)).toEqual([daemon]);
  });

  const instances = (): string[] => [...dynoProcessesOf(tfk).keys()].sort();
});

/** Requests that are not to be sent twice, until `end`. */
class Load {
  private readonly result: Promise<autocannon.Result>;
  private instance: autocannon.Instance | undefined;

  constructor(tfk: Installation) {
    const options = {
      url: `http://127.0.0.1:${tfk.running.routerPort}/`,
      method: 'POST',
      body: 'x',
      headers: { host: 'busy.localhost' },
      overallRate: RATE,
      connections: 10,
      duration: 600,
      timeout: 30,
    } as const;
    this.result = new Promise((resolve, reject) => {
      this.instance = autocannon(options, (error: Error | null, done) =>
        error ? reject(error) : resolve(done),
      );
    });
  }

  async end(): Promise<{ failed: string; served: number }> {
    this.instance?.stop();
    const { non2xx, errors, timeouts, '2xx': served } = await this.result;
    return { failed: JSON.stringify({ non2xx, errors, timeouts }), served };
  }
}

function linesOf(tfk: Installation, dyno: string): string[] {
  const folder = join(tfk.home, 'logs');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.db'))
    .flatMap((name) => {
      const db = new Database(join(folder, name), { readonly: true });
      try {
        return db
          .prepare<[string], { text: string }>(
            'SELECT text FROM lines WHERE source = 0 AND dyno = ? ORDER BY sequence',
          )
          .all(dyno)
          .map(({ text }) => text);
      } finally {
        db.close();
      }
    });
}

/** Each process counts from 1, and those that were asked to end say how far they came. */
function brokenCounts(lines: readonly string[]): string[] {
  const reached = new Map<string, number>();
  const broken: string[] = [];
  for (const line of lines) {
    const [word, id = '', number] = line.split(' ');
    const expected = (reached.get(id) ?? 0) + (word === 'count' ? 1 : 0);
    if (Number(number) !== expected) broken.push(`${line}, not ${expected}`);
    reached.set(id, Number(number));
  }
  return reached.size === 0 ? ['there are no lines'] : broken;
}

/** Its web process dies at once on SIGTERM, its worker prints 200 numbered lines a second, each release takes a second. */
function busyApp(): Record<string, string> {
  return aSmallApp('busy', {
    Procfile: 'web: node web.js\nworker: node worker.js\nrelease: sleep 1; echo released\n',
    'web.js': `
require('node:http')
  .createServer((req, res) => setTimeout(() => res.end('busy'), 50 + Math.random() * 100))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
    'worker.js': `
const id = require('node:crypto').randomUUID();
let count = 0;
setInterval(() => console.log('count', id, ++count), 5);
process.on('SIGTERM', () => { console.log('last', id, count); process.exit(0); });
`,
  });
}
