import type Docker from 'dockerode';
import type { Readable } from 'node:stream';
import { TfkError } from '../../../shared/errors.js';
import type { Artifact } from '../../engine.js';
import { unless } from '../answers.js';
import { LABEL, type Names } from '../names.js';
import { ifThere } from './failure.js';
import { IMAGE_LABEL } from './labels.js';
import { APP, imageContainer, type BuildResources } from './steps/container-options.js';
import type { Using } from './using.js';

export interface PackParts {
  readonly docker: Docker;
  readonly names: Names;
  readonly resources: BuildResources;
  /** Ends when the archive was read, or given up. */
  readonly using: Using;
}

/** As Engine.pack: the engine's own archive of the app's root, of a container that never runs. */
export async function packed({ id }: Artifact, parts: PackParts): Promise<Readable> {
  const { docker, names, resources, using } = parts;
  const image = await unless([404], docker.getImage(names.slugImage(id)).inspect());
  if (image === null) throw gone(id);
  const made = image.Config.Labels as Readonly<Record<string, string>>;
  if (IMAGE_LABEL.images in made) throw noFiles(names.slugImage(id), 'a Dockerfile');
  if (IMAGE_LABEL.builder in made) throw noFiles(names.slugImage(id), 'a builder');
  const labels = names.labels('build', { [LABEL.build]: using.buildId });
  const container = await docker.createContainer(
    imageContainer({ image: image.Id, env: [], resources, labels }),
  );
  const remove = (): void => {
    ifThere(container.remove({ force: true, v: true }))
      // It is removed as what an earlier build left.
      .catch(() => undefined)
      .finally(() => using.end());
  };
  try {
    const archive = (await container.getArchive({ path: APP })) as unknown as Readable;
    return archive.once('close', remove);
  } catch (error) {
    remove();
    throw error;
  }
}

const gone = (id: string): TfkError =>
  new TfkError('gone', `The slug ${id.slice(0, 12)} is no longer on this machine.`, {
    hint: 'Push the app again, or roll back to a release whose slug is still there.',
  });

const noFiles = (image: string, maker: string): TfkError =>
  new TfkError('invalid_params', `This slug is an image of ${maker}, not a folder ./app.`, {
    hint: `Take the image itself: docker save ${image}`,
  });
