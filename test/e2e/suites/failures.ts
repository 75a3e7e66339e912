import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineUnderTest } from '../../support/engine-under-test.js';
import { aSmallApp, type Installation } from '../../support/installation.js';

/** What a test of its own needs of the suite: the installation, and a push that has to fail with these words. */
export interface FailureBench {
  readonly tfk: () => Installation;
  readonly refuses: (files: Readonly<Record<string, string>>, ...said: readonly RegExp[]) => Promise<void>;
}

/** What fails on an engine, and leaves all as it was; `more`: the cases in which the engine has no part. */
export function describeFailures(engine: EngineUnderTest, more?: (bench: FailureBench) => void): void {
  describe(`what cannot work on the ${engine.name} engine`, () => {
    let tfk: Installation;
    beforeAll(async () => {
      tfk = engine.install();
      await tfk.ok('apps:create', 'bad');
    });
    afterAll(() => engine.remove(tfk));

    const refuses = async (
      files: Readonly<Record<string, string>>,
      ...said: readonly RegExp[]
    ): Promise<void> => {
      const source = tfk.source(`bad-${Math.random().toString(36).slice(2)}`, files);
      mkdirSync(source, { recursive: true });
      const ran = await tfk.tfk('push', source, '-a', 'bad');
      expect(ran.code).toBe(1);
      for (const text of said) expect(ran.stdout + ran.stderr).toMatch(text);
      expect(JSON.parse(await tfk.ok('releases', '--json', '-a', 'bad'))).toHaveLength(1);
    };

    it('a failing build script', () =>
      refuses(
        {
          ...aSmallApp('x'),
          'package.json': JSON.stringify({
            name: 'small',
            version: '1.0.0',
            scripts: { build: 'echo about to fail && exit 4' },
          }),
        },
        /about to fail/,
        /4/,
      ));

    it('a web process that binds no port, which fails the push and leaves the old release serving', async () => {
      await tfk.ok('apps:create', 'half');
      const source = tfk.source('half', aSmallApp('works'));
      await tfk.ok('push', source, '-a', 'half');
      // So much that its last line comes well after its end; and late, so that the dyno which follows at once is silent yet.
      const says = `require('node:fs').writeSync(1, 'starting up\\n'.repeat(50_000) + 'no disk in drive A\\n')`;
      writeFileSync(join(source, 'web.js'), `setTimeout(() => { ${says}; process.exit(1) }, 3_000)`);
      const ran = await tfk.tfk('push', source, '-a', 'half');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/app\[web\.1\]: no disk in drive A/);
      expect(ran.stdout + ran.stderr).toMatch(/still serves|v2/);
      expect(await tfk.get('half')).toMatchObject({ status: 200, body: 'works' });
      await expect.poll(() => tfk.ok('ps', '-a', 'half'), { timeout: 60_000 }).toMatch(/crashed/);
    });

    it('a release command that fails, which leaves the old release running', async () => {
      await tfk.ok('apps:create', 'phase');
      const source = tfk.source('phase', aSmallApp('works'));
      await tfk.ok('push', source, '-a', 'phase');
      writeFileSync(join(source, 'Procfile'), 'web: node web.js\nrelease: echo migrating && exit 5\n');
      const ran = await tfk.tfk('push', source, '-a', 'phase');
      expect(ran.code).toBe(1);
      expect(ran.stdout + ran.stderr).toMatch(/migrating/);
      expect(ran.stdout + ran.stderr).toMatch(/status 5/);
      expect(await tfk.get('phase')).toMatchObject({ status: 200, body: 'works' });
      expect(await tfk.ok('releases:output', 'v3', '-a', 'phase')).toMatch(/migrating/);
    });

    more?.({ tfk: () => tfk, refuses });
  });
}
