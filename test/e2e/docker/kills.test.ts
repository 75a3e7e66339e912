import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeKills } from '../suites/kills.js';

await describeDocker('Kills of tfkd on Docker', ({ docker }) => {
  describeKills(onDocker(docker));
});
