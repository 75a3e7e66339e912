import { onProcess } from '../support/engine-under-test.js';
import { describeExamples } from './suites/examples.js';

describeExamples(onProcess);
