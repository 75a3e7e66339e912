import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeExamples } from '../suites/examples.js';

await describeDocker('The examples on Docker', ({ docker }) => {
  describeExamples(onDocker(docker));
});
