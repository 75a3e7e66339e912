import { expect, it } from 'vitest';
import { chooseEngine } from '../../../daemon/main/engine-choice.js';

const never = () => Promise.reject(new Error('nobody had to ask'));

it('is what was asked for, whatever answers', async () => {
  expect(await chooseEngine('process', never)).toEqual({ name: 'process', because: 'TFK_ENGINE=process' });
  expect(await chooseEngine('docker', never)).toEqual({ name: 'docker', because: 'TFK_ENGINE=docker' });
});

it('is Docker where it answers, else the embedded engine, and says why', async () => {
  expect(await chooseEngine(null, () => Promise.resolve(null))).toEqual({
    name: 'docker',
    because: 'Docker answers',
  });
  expect(await chooseEngine(null, () => Promise.resolve('no socket'))).toEqual({
    name: 'process',
    because: 'there is no Docker: no socket',
  });
});
