import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenCounts, busyApp, linesOf, Load } from '../../support/busy-app.js';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import type { Installation, Ran } from '../../support/installation.js';
import { untilSound } from '../../support/invariants.js';
import { daemonsOf, killHard } from '../../support/own-processes.js';

/** Requests a second, over connections kept alive. */
const RATE = 50;
/** At any moment of what is under way: from before tfkd hears of it until after it has ended. */
const LATEST_KILL_MS = 2_500;
const LATEST_START_KILL_MS = 1_200;

export interface KillBench {
  readonly tfk: () => Installation;
  /** Of the dynos that run, in order. */
  readonly instances: () => Promise<readonly string[]>;
}

/**
 * tfkd may die at any moment: what runs goes on, nothing is lost, and the next tfkd ends what was begun. `more`: what else may
 * die, with the same app.
 */
export function describeKills(engine: EngineUnderTest, more?: (bench: KillBench) => void): void {
  describe(`while tfkd is killed again and again on the ${engine.name} engine`, () => {
    let tfk: Installation;
    let source: string;
    let pushes = 0;

    beforeAll(async () => {
      tfk = engine.install();
      source = tfk.source('busy', busyApp());
      await tfk.ok('push', source);
      await tfk.ok('scale', 'web=2', 'worker=1', '-a', 'busy');
      await untilSound(tfk, engine);
    });
    afterAll(() => engine.remove(tfk));

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
        const load = new Load(tfk, 'busy', RATE);
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
        await untilSound(tfk, engine);
        const { failed, served } = await load.end();
        expect(failed, told).toBe('{"non2xx":0,"errors":0,"timeouts":0}');
        expect(served, told).toBeGreaterThan(RATE * 10);
        expect(brokenCounts(linesOf(tfk, 'worker.1')), told).toEqual([]);
        for (const [name, again] of operations)
          expect(await again(), `${name} again\n${told}`).toMatchObject({ code: 0 });
        await untilSound(tfk, engine);
      },
    );

    it('two commands that both find no tfkd start one, and both succeed', async () => {
      for (let round = 0; round < 3; round++) {
        daemonsOf(tfk).forEach(killHard);
        await Promise.all([tfk.ok('ps', '-a', 'busy'), tfk.ok('apps'), tfk.ok('releases', '-a', 'busy')]);
        expect(daemonsOf(tfk)).toHaveLength(1);
      }
    });

    it('a one-off whose client tfkd has cut off is ended, and says so', async () => {
      const running = tfk.tfk('run', '-a', 'busy', '--', 'sh', '-c', 'sleep 300');
      await expect
        .poll(() => tfk.ok('ps', '--json', '-a', 'busy'), { timeout: 60_000 })
        .toMatch(/"name": ?"run\.\d+"/);
      daemonsOf(tfk).forEach(killHard);
      const { code, stderr } = await running;
      expect(code).toBe(1);
      expect(stderr).toMatch(/The connection was lost|tfkd/);
      await tfk.ok('ps', '-a', 'busy');
      await untilSound(tfk, engine);
    });

    it('a tfkd that is stopped for 20 seconds goes on with the same dynos', async () => {
      const before = await instances();
      const [daemon] = daemonsOf(tfk);
      // Without one, kill() would mean our own process group.
      if (daemon === undefined) throw new Error('no tfkd runs');
      process.kill(daemon, 'SIGSTOP');
      const asked = tfk.tfk('ps', '-a', 'busy');
      await sleep(20_000);
      expect((await tfk.get('busy')).status).toBe(200);
      process.kill(daemon, 'SIGCONT');
      expect(await asked).toMatchObject({ code: 0 });
      await untilSound(tfk, engine);
      expect(await instances()).toEqual(before);
      expect(daemonsOf(tfk)).toEqual([daemon]);
    });

    const instances = async (): Promise<readonly string[]> => {
      const [all = []] = Object.values(await engine.traces(tfk));
      return [...all].sort();
    };

    more?.({ tfk: () => tfk, instances });
  });
}
