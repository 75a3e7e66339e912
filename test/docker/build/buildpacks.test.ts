import { expect, test } from 'vitest';
import { planOfList } from '../../../buildpacks/classic/plan.js';
import type { BuildResult } from '../../../daemon/engines/engine.js';
import { aRequest, aSource } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { aHome, artifactOf, expectNothingRunning } from './support.js';

const IMAGES = { 'heroku-build': 'node:20-slim', heroku: 'debian:bookworm-slim' };

const FIRST = {
  'bin/detect': '#!/usr/bin/env bash\necho First',
  'bin/compile': `#!/usr/bin/env bash
echo "-----> $STACK in $1 as $(id -u)"
echo x >>"$2/runs" && wc -l <"$2/runs" >"$1/runs"
stat -c '%a %U' "$3/SECRET" >"$1/mode"
echo "\${SECRET:-not in the environment}" >"$1/seen"
mkdir "$1/tools" && printf '#!/bin/sh\\necho from the first\\n' >"$1/tools/tool" && chmod +x "$1/tools/tool"
echo "export PATH=$1/tools:\\$PATH" >"$(dirname "$0")/../export"`,
};
const SECOND = {
  'bin/detect': '#!/usr/bin/env bash\ntest -f "$1/app.txt" && echo Second',
  'bin/compile': '#!/usr/bin/env bash\ntool >"$1/tool"',
  'bin/release': `#!/usr/bin/env bash\nprintf 'default_process_types: {web: ./web}\\nconfig_vars: {COLOUR: vermilion, SECRET: none}\\n'`,
};

await describeDocker('Classic buildpacks on Docker', (engine) => {
  test('build in one image and run in another, and leave nothing of the config vars', async () => {
    const home = aHome(engine);
    const builder = home.open({ baseImages: IMAGES });
    const plan = planOfList([
      { reference: 'https://example.com/first', digest: '1' },
      { reference: 'https://example.com/second', digest: '2' },
    ]);
    const source = aSource({ 'app.txt': 'one' });
    const buildpacks = new Map([
      ['1', aSource(FIRST)],
      ['2', aSource(SECOND)],
    ]);
    const request = () => aRequest(source, { plan, buildpacks, config: { SECRET: 'hunter2' } });

    const first = request();
    const result: BuildResult = await builder.build(first);
    const artifact = artifactOf(result);
    expect(first.output.lines).toEqual(
      expect.arrayContaining(['-----> First app detected', '-----> heroku-24 in /app as 1000']),
    );
    const look =
      'cat runs seen tool; command -v node || echo no node; ls -d /tfk-build 2>&1; grep -rl hunter2 /app || true';
    const seen = await home.inSlug(artifact, look);
    expect(seen.split('\n').slice(0, 4)).toEqual([
      '1',
      'not in the environment',
      'from the first',
      'no node',
    ]);
    expect(seen).toMatch(/cannot access '\/tfk-build'/);
    expect(await home.inSlug(artifact, 'cut -d" " -f1 mode')).toBe('600\n');
    const image = await home.docker.getImage(home.names.slugImage(artifact.id)).inspect();
    expect(JSON.stringify(image)).not.toMatch(/hunter2|vermilion/);
    expect(await builder.hasArtifact(artifact)).toBe(true);

    const again = request();
    expect(await builder.build(again)).toEqual(result);
    expect(result).toMatchObject({
      release: { processTypes: { web: './web' }, env: { COLOUR: 'vermilion' } },
    });
    // Nobody but who asked for the first build knows the environment.
    expect(again.output.text).toContain('heroku-24');
    await expectNothingRunning(home);
  });

  test('that are not for the source say so', async () => {
    const home = aHome(engine);
    const plan = planOfList([{ reference: 'https://example.com/second', digest: '2' }]);
    const request = aRequest(aSource({ a: '' }), { plan, buildpacks: new Map([['2', aSource(SECOND)]]) });
    expect(await home.open({ baseImages: IMAGES }).build(request)).toMatchObject({
      ok: false,
      reason: 'detect',
      message: 'App not compatible with buildpack: https://example.com/second',
    });
    await expectNothingRunning(home);
  });
});
