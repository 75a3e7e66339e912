import { onProcess } from '../support/engine-under-test.js';
import { describeZeroDowntime } from './suites/zero-downtime.js';

describeZeroDowntime(onProcess);
