import { describe, expect, it } from 'vitest';
import { decide } from '../../../daemon/build/decide.js';
import { filesOfImages } from '../../../daemon/main/image-source.js';
import { aTree } from '../buildpacks/tree.js';

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [ONE, TWO] = [idOf('1'), idOf('2')];

const decided = (types: Parameters<typeof filesOfImages>[0]) => {
  const { plan, processTypes, warnings } = decide(aTree(filesOfImages(types)), { config: {}, images: true });
  return { images: plan.images, processTypes, warnings };
};

describe('a source that is made of images', () => {
  it('is planned as one image for types that share one, each with its command', () => {
    const command = `node -e 'console.log("a: #b")' && echo "$X"`;
    const { images, processTypes, warnings } = decided({
      worker: { image: ONE, command },
      web: { image: ONE, command: 'node web.js' },
    });
    expect(images).toMatchObject([{ name: 'web', bases: [ONE], serves: ['web', 'worker'] }]);
    expect(processTypes).toEqual({ web: 'node web.js', worker: command });
    expect(warnings).toEqual([]);
  });

  it('is planned as several where they differ, that of web first', () => {
    const { images, processTypes } = decided({
      worker: { image: TWO, command: 'work' },
      clock: { image: TWO, command: 'tick' },
      web: { image: ONE, command: 'serve' },
      release: { image: TWO, command: 'migrate' },
    });
    expect(images.map(({ name, bases, serves }) => [name, bases, [...serves].sort()])).toEqual([
      ['web', [ONE], ['web']],
      ['worker', [TWO], ['clock', 'release', 'worker']],
    ]);
    expect(processTypes).toEqual({ web: 'serve', worker: 'work', clock: 'tick', release: 'migrate' });
  });

  it('needs no web, and may be a release command alone', () => {
    expect(decided({ release: { image: ONE, command: 'migrate' } })).toMatchObject({
      images: [{ name: 'release', bases: [ONE] }],
      processTypes: { release: 'migrate' },
    });
  });
});
