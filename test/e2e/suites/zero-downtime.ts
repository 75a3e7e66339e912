import autocannon from 'autocannon';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';

/** Requests a second, and how many connections they come over: some kept alive, as browsers and proxies do. */
const RATE = 50;
const CONNECTIONS = 10;

/** Two web dynos under load; whatever is done to them, no request fails. */
export function describeZeroDowntime(engine: EngineUnderTest): void {
  describe(`under 50 requests a second on the ${engine.name} engine`, () => {
    let tfk: Installation;
    let source: string;

    beforeAll(async () => {
      tfk = engine.install();
      // It dies at once on SIGTERM: what is under way then would be lost, if anything were.
      source = tfk.source('busy', aSmallApp('one', { 'web.js': web('one') }));
      await tfk.ok('push', source);
      await tfk.ok('scale', 'web=2', '-a', 'busy');
      await tfk.ok('ps:wait', '-a', 'busy');
    });
    afterAll(() => engine.remove(tfk));

    /** Loads the app until the work is done and two more seconds, and answers what went wrong. */
    async function loadDuring(
      work: () => Promise<unknown>,
    ): Promise<{ failed: number; served: number; detail: string }> {
      const options = {
        url: `http://127.0.0.1:${tfk.running.routerPort}/work`,
        // Not idempotent: the router must not mend a cut request by sending it again.
        method: 'POST',
        body: 'x',
        headers: { host: 'busy.localhost' },
        overallRate: RATE,
        connections: CONNECTIONS,
        duration: 300,
        timeout: 30,
      } as const;
      let load: autocannon.Instance | undefined;
      const result = new Promise<autocannon.Result>((resolve, reject) => {
        load = autocannon(options, (error: Error | null, done) => (error ? reject(error) : resolve(done)));
      });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await work();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      load?.stop();
      const { non2xx, errors, timeouts, '2xx': served } = await result;
      return {
        failed: non2xx + errors + timeouts,
        served,
        detail: JSON.stringify({ non2xx, errors, timeouts }),
      };
    }

    async function expectNoFailure(work: () => Promise<unknown>): Promise<void> {
      const { failed, served, detail } = await loadDuring(work);
      expect(detail).toBe(JSON.stringify({ non2xx: 0, errors: 0, timeouts: 0 }));
      expect(failed).toBe(0);
      expect(served).toBeGreaterThan(RATE);
    }

    const replaced = async (): Promise<void> => {
      await tfk.ok('ps:wait', '-a', 'busy');
      await expect
        .poll(
          async () =>
            (JSON.parse(await tfk.ok('ps', '--json', '-a', 'busy')) as { type: string }[]).filter(
              ({ type }) => type === 'web',
            ).length,
          { timeout: 60_000 },
        )
        .toBe(2);
    };

    it('a push fails none', () =>
      expectNoFailure(async () => {
        writeFileSync(join(source, 'web.js'), web('two'));
        await tfk.ok('push', source);
        await replaced();
      }));

    it('a scale up and down fails none', () =>
      expectNoFailure(async () => {
        await tfk.ok('scale', 'web=4', '-a', 'busy');
        await tfk.ok('ps:wait', '-a', 'busy');
        await tfk.ok('scale', 'web=2', '-a', 'busy');
        await replaced();
      }));

    it('a restart fails none', () =>
      expectNoFailure(async () => {
        await tfk.ok('ps:restart', '-a', 'busy');
        await replaced();
      }));

    it('a config change fails none', () =>
      expectNoFailure(async () => {
        await tfk.ok('config:set', 'COLOUR=blue', '-a', 'busy');
        await replaced();
      }));

    it('a rollback fails none', () =>
      expectNoFailure(async () => {
        await tfk.ok('rollback', 'v2', '-a', 'busy');
        await replaced();
      }));

    it('a kill -9 of tfkd fails none', () =>
      expectNoFailure(async () => {
        process.kill(tfk.running.pid, 'SIGKILL');
        await tfk.ok('ps', '-a', 'busy');
      }));
  });
}

/** Answers after some 150 ms, and exits at SIGTERM without a word. */
function web(text: string): string {
  return `
require('node:http')
  .createServer((req, res) => setTimeout(() => res.end(${JSON.stringify(text)}), 100 + Math.random() * 100))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;
}
