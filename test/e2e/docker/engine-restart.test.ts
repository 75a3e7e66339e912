import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenCounts, busyApp, linesOf } from '../../support/busy-app.js';
import { describeDocker } from '../../support/docker.js';
import { onDocker, type EngineUnderTest } from '../../support/engine-under-test.js';
import type { Installation } from '../../support/installation.js';
import { untilSound } from '../../support/invariants.js';
import { PrivateEngine } from '../../support/private-engine.js';

/** From the moment when the engine answers again. */
const BACK_WITHIN_MS = 30_000;

await describeDocker('An engine of its own', ({ docker }) => {
  const reason = PrivateEngine.whyNot();
  if (reason !== null) {
    it.skip(`cannot be started: ${reason}`);
    return;
  }

  describe('that is stopped and killed under running dynos', () => {
    let dockerd: PrivateEngine;
    let engine: EngineUnderTest;
    let tfk: Installation;
    beforeAll(async () => {
      dockerd = await PrivateEngine.start();
      await dockerd.copyImage(docker, 'node:20-slim');
      engine = onDocker(dockerd.docker);
      tfk = engine.install({ DOCKER_HOST: dockerd.host });
      await tfk.ok('push', tfk.source('busy', busyApp()));
      await tfk.ok('scale', 'web=2', 'worker=1', '-a', 'busy');
      await untilSound(tfk, engine);
    });
    afterAll(async () => {
      await engine.remove(tfk);
      await dockerd.remove();
    });

    const linesGrow = async (): Promise<void> => {
      const before = linesOf(tfk, 'worker.1').length;
      await expect
        .poll(() => linesOf(tfk, 'worker.1').length, { timeout: 60_000 })
        .toBeGreaterThan(before + 200);
    };

    // Killed, dockerd takes with it the one line that it has read and not written yet: nobody else ever had it.
    for (const [end, mostLost] of [
      ['stop', 0],
      ['kill', 1],
    ] as const) {
      it(`has all its dynos back within 30 seconds after a ${end}, once each, with every line`, async () => {
        await linesGrow();
        await dockerd[end]();
        const ran = await tfk.tfk('run', '-a', 'busy', '--', 'true');
        expect(ran.code).toBe(1);
        expect(ran.stderr).toMatch(/Docker|dockerd/);
        expect((await tfk.tfk('ps', '-a', 'busy')).code).toBe(0);
        await dockerd.start();
        await untilSound(tfk, engine, BACK_WITHIN_MS);
        expect(await tfk.get('busy')).toMatchObject({ status: 200, body: 'busy' });
        await linesGrow();
        const broken = brokenCounts(linesOf(tfk, 'worker.1'));
        expect(broken.length, broken.join('\n')).toBeLessThanOrEqual(mostLost);
      });
    }
  });
});
