import { onProcess } from '../support/engine-under-test.js';
import { describeUsersApi } from './suites/users-api.js';

describeUsersApi(onProcess);
