import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describePromotion } from '../suites/promotions.js';

await describeDocker('A promotion on Docker', ({ docker }) => {
  describePromotion(onDocker(docker));
});
