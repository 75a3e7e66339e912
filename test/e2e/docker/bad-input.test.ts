import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeBadInput } from '../suites/bad-input.js';

await describeDocker('Bad input on Docker', ({ docker }) => {
  describeBadInput(onDocker(docker));
});
