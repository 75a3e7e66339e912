import { onProcess } from '../support/engine-under-test.js';
import { describePromotion } from './suites/promotions.js';

describePromotion(onProcess);
