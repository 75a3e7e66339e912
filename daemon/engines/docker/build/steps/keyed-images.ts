import type Docker from 'dockerode';
import { unless } from '../../answers.js';
import { LABEL, type Kind, type Names } from '../../names.js';
import type { BaseImage } from '../base-images.js';
import { IMAGE_LABEL } from '../labels.js';
import { APP, launchPath } from './container-options.js';
import type { BuildContainers } from './containers.js';

/** An image of ours, as the build needs it. */
export interface MadeImage {
  /** `sha256:…` */
  readonly id: string;
  /** Bytes that it adds to the base image. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NewImage {
  readonly kind: Kind;
  readonly key: string;
  /** `repository:tag` */
  readonly ref: string;
  /** Id of the image that the container was made of. */
  readonly parent: string;
  readonly size: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Finds and commits images under their content's key. */
export class KeyedImages {
  constructor(
    private readonly docker: Docker,
    private readonly names: Names,
  ) {}

  async find(ref: string): Promise<MadeImage | null> {
    const found = await unless([404], this.docker.getImage(ref).inspect());
    const labels = found?.Config.Labels ?? {};
    if (found === null || labels[LABEL.home] !== this.names.home) return null;
    return { id: found.Id, size: Number(labels[IMAGE_LABEL.size] ?? found.Size), labels };
  }

  /** Makes an image of what the container holds, and of its own settings. */
  async commit(container: Docker.Container, image: NewImage): Promise<MadeImage> {
    const colon = image.ref.lastIndexOf(':');
    const labels = this.names.labels(image.kind, {
      ...image.labels,
      [LABEL.key]: image.key,
      [IMAGE_LABEL.parent]: image.parent,
      [IMAGE_LABEL.size]: String(image.size),
    });
    const options = {
      _query: {
        container: container.id,
        repo: image.ref.slice(0, colon),
        tag: image.ref.slice(colon + 1),
        pause: false,
      },
      _body: { Labels: labels },
    };
    const { Id } = (await container.commit(options)) as { Id: string };
    return { id: Id, size: image.size, labels };
  }
}

/** A container that becomes an image of the app: its settings are what running needs. */
export function forSlug(
  containers: BuildContainers,
  image: string,
  { base, path }: { readonly base: BaseImage; readonly path: readonly string[] },
): Promise<Docker.Container> {
  return containers.forImage(image, [`PATH=${launchPath(path, base.path)}`, `HOME=${APP}`]);
}
