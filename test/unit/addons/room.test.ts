import { expect, it } from 'vitest';
import { Room } from '../../../daemon/addons/backups/room.js';

const room = (free: number) =>
  new Room(
    () => Promise.resolve(free),
    (bytes) => new Error(`no ${bytes} bytes`),
  );

it('a job waits where what another was promised leaves too little, and works when that has ended', async () => {
  const disk = room(100);
  const story: string[] = [];
  let end: () => void = () => undefined;
  const first = disk.hold(60, () => new Promise<void>((resolve) => (end = resolve)));
  const second = disk.hold(60, async () => void story.push('second'));
  const third = disk.hold(10, async () => void story.push('third'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(story).toEqual([]);
  end();
  await Promise.all([first, second, third]);
  expect(story).toEqual(['second', 'third']);
});

it('jobs for which there is room work at once', async () => {
  const disk = room(100);
  const ends: (() => void)[] = [];
  const job = () => disk.hold(50, () => new Promise<void>((resolve) => ends.push(resolve)));
  const both = Promise.all([job(), job()]);
  await expect.poll(() => ends.length).toBe(2);
  for (const end of ends) end();
  await both;
});

it('a job that the disk is too small for is told so, and one that failed gives back what it was promised', async () => {
  const disk = room(100);
  await expect(disk.hold(101, async () => 1)).rejects.toThrow('no 101 bytes');
  await expect(disk.hold(100, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  expect(await disk.hold(100, async () => 1)).toBe(1);
});
