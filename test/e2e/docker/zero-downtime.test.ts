import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeZeroDowntime } from '../suites/zero-downtime.js';

await describeDocker('Deploys without a failed request on Docker', ({ docker }) => {
  describeZeroDowntime(onDocker(docker));
});
