import { describeDocker } from '../../support/docker.js';
import { onDocker } from '../../support/engine-under-test.js';
import { describeUsersApi } from '../suites/users-api.js';

await describeDocker('The users API on Docker', ({ docker }) => {
  describeUsersApi(onDocker(docker));
});
