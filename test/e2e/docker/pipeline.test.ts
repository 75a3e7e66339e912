import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeFailures } from '../suites/failures.js';
import { describeSmallApp } from '../suites/pipeline.js';

await describeDocker('The pipeline on Docker', ({ docker }) => {
  describeSmallApp(onDocker(docker));
  describeFailures(onDocker(docker));
});
