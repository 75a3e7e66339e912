import { expect, it } from 'vitest';
import { Turns } from '../../../../daemon/addons/servers/turns.js';

const later = () => new Promise((resolve) => setTimeout(resolve, 5));

it('runs jobs of one key one after another, in order', async () => {
  const turns = new Turns();
  const events: string[] = [];
  const job = (name: string) => async () => {
    events.push(`${name} begins`);
    await later();
    events.push(`${name} ends`);
  };
  await Promise.all([turns.take('a', job('one')), turns.take('a', job('two'))]);
  expect(events).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
});

it('lets jobs of different keys run together', async () => {
  const turns = new Turns();
  let release: () => void = () => undefined;
  const held = turns.take('a', () => new Promise<void>((resolve) => (release = resolve)));
  await expect(turns.take('b', async () => 'done')).resolves.toBe('done');
  release();
  await held;
});

it('goes on after a job that failed', async () => {
  const turns = new Turns();
  const failed = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  await expect(next).resolves.toBe('yes');
});
