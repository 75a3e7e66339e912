import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { TypeOfImage } from '../store/image-sources.js';

export type TypesOfImages = Readonly<Record<string, TypeOfImage>>;

/** The files of a source whose build is images as they are: a Dockerfile each, and a heroku.yml that says what runs in which. */
export function filesOfImages(types: TypesOfImages): Record<string, string> {
  const docker = new Map<string, string>();
  for (const [type, { image }] of webFirst(types)) if (!docker.has(image)) docker.set(image, type);
  const named = [...docker];
  const run = Object.entries(types).map(([type, { image, command }]) => [
    type,
    { command: [command], image: docker.get(image) },
  ]);
  const { release, ...others } = Object.fromEntries(run) as Record<string, unknown>;
  const manifest = {
    build: { docker: Object.fromEntries(named.map(([, name]) => [name, dockerfileOf(name)])) },
    run: others,
    ...(release === undefined ? {} : { release }),
  };
  return {
    // JSON is YAML.
    'heroku.yml': `${JSON.stringify(manifest, null, 2)}\n`,
    ...Object.fromEntries(named.map(([image, name]) => [dockerfileOf(name), `FROM ${image}\n`])),
  };
}

const dockerfileOf = (name: string): string => `Dockerfile.${name}`;

/** An image is named after the first of its types; the one of `web` is the main one. */
function webFirst(types: TypesOfImages): [string, TypeOfImage][] {
  return Object.entries(types).sort(([one], [other]) => Number(other === 'web') - Number(one === 'web'));
}

export function packedFiles(files: Readonly<Record<string, string>>): Readable {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  return archive as unknown as Readable;
}
