import { expect, test } from 'vitest';
import { choosePlanner } from '../../../buildpacks/registry.js';
import { sourceTree } from '../../../daemon/build/source-tree.js';
import { dockerfileOfPlan } from '../../../daemon/engines/docker/build/as-dockerfile.js';
import { aRequest, aSource, writeFiles } from '../../integration/build/support.js';
import { describeDocker } from '../../support/docker.js';
import { aHome, artifactOf } from './support.js';

const APP = {
  'package.json': {
    name: 'a',
    version: '1.0.0',
    scripts: { build: 'node build.js', start: 'node server.js' },
  },
  'build.js': `require('fs').writeFileSync('built.txt', process.env.NODE_ENV)`,
  'lib/a.txt': 'a',
};
const LOOK = 'pwd; id -u; echo $HOME $NODE_ENV; cat built.txt; find . -type f ! -name Dockerfile | sort';

await describeDocker('The Dockerfile of a plan', (engine) => {
  test('builds what tfk builds', async () => {
    const home = aHome(engine);
    const builder = home.open({ baseImages: { node: 'node:20-slim' } });
    const source = aSource(APP);
    const context = { config: {}, images: true };
    const plan = choosePlanner(sourceTree(source), context).plan(sourceTree(source), context);
    const ours = await home.inSlug(artifactOf(await builder.build(aRequest(source, { plan }))), LOOK);

    // The builder of this engine has no registry to take another syntax from.
    const text = dockerfileOfPlan(plan, { web: 'npm start' }, { node: 'node:20-slim' }) ?? '';
    writeFiles(source, { Dockerfile: text.replace(/^# syntax.*\n/, '') });
    const images = choosePlanner(sourceTree(source), context).plan(sourceTree(source), context);
    const theirs = artifactOf(await builder.build(aRequest(source, { plan: images })));
    expect(await home.inSlug(theirs, LOOK)).toBe(
      // What an image of a Dockerfile is told, dynos of a plan are told by tfk.
      ours.replace('1000\n/app\n', '1000\n/app production\n'),
    );
  });
});
