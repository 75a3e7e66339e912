import type Docker from 'dockerode';
import type { Logger } from '../../../shared/logger.js';
import type { Artifact } from '../../engine.js';
import { unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import { orLeft } from '../leftovers.js';
import { LABEL, type Kind, type Names } from '../names.js';
import type { Caches } from './caches.js';
import type { BuildNetwork } from './network.js';
import { ourImages, removeImage, type OurImage } from './our-images.js';
import type { RunningBuilds } from './using.js';

export interface GarbageParts {
  readonly client: DockerClient;
  readonly names: Names;
  readonly caches: Caches;
  readonly network: BuildNetwork;
  readonly builds: RunningBuilds;
  readonly logger: Logger;
}

/** Removes what builds left and nothing needs any more; never what lacks this home's label, nor what a running build relies on. */
export class GarbageCollector {
  constructor(private readonly parts: GarbageParts) {}

  /** Resolves to the bytes freed, as far as images tell them. */
  collect(keep: readonly Artifact[]): Promise<number> {
    const { builds, caches, network } = this.parts;
    return builds.during(async () => {
      const docker = await this.parts.client.api();
      await this.removeContainers(docker, (buildId) => !builds.has(buildId));
      const wanted = new Set(keep.filter(({ engine }) => engine === 'docker').map(({ id }) => id));
      const images = await ourImages(docker, this.parts.names);
      const of = (kind: Kind) => images.filter((image) => image.kind === kind);
      const slugs = of('slug');
      await this.removeTemporary(docker, of('build'));
      const kept = slugs.filter(({ key }) => wanted.has(key));
      const layers = new Set(kept.flatMap((slug) => slug.layers));
      const freed =
        (await this.removeOthers(docker, slugs, wanted)) +
        (await this.removeOthers(docker, of('layer'), layers));
      await caches.collect(new Set(kept.map(({ appId }) => appId)));
      if (builds.none) await network.remove();
      return freed;
    });
  }

  /** What builds left that were cut off. */
  async removeContainers(docker: Docker, wanted: (buildId: string) => boolean): Promise<void> {
    const filters = { label: this.parts.names.filter('build') };
    const found = await docker.listContainers({ all: true, filters });
    const doomed = found.filter(({ Labels }) => wanted(Labels[LABEL.build] ?? ''));
    const remove = (id: string) =>
      unless([404, 409], docker.getContainer(id).remove({ force: true, v: true }));
    await Promise.all(doomed.map(({ Id }) => orLeft(remove(Id), { container: Id }, this.parts.logger)));
  }

  /** By keys: half of what is known by one key is as good as nothing. */
  private async removeOthers(
    docker: Docker,
    images: readonly OurImage[],
    keep: ReadonlySet<string>,
  ): Promise<number> {
    const { names, builds } = this.parts;
    const candidates = images.filter(({ refs, foreign }) => refs.length > 0 || !foreign);
    const inUse = new Set(candidates.filter(({ used }) => used).map(({ key }) => key));
    let freed = 0;
    for (const image of mainFirst(candidates, names)) {
      const { key, refs, bytes } = image;
      if (inUse.has(key) || builds.use(key) || (keep.has(key) && refs.length > 0)) continue;
      if (await removeImage(docker, image, names.slugImage(key))) freed += bytes;
      else if (refs.length > 0) inUse.add(key);
    }
    return freed;
  }

  /** What only builds needed which have ended. */
  private async removeTemporary(docker: Docker, images: readonly OurImage[]): Promise<void> {
    const { builds } = this.parts;
    const isWanted = (ref: string) => builds.has(buildOf(ref));
    for (const image of images) {
      if (!image.used && !image.refs.some(isWanted)) await removeImage(docker, image, null);
    }
  }
}

/** `tfk-<home>/build:<build>-<number>` */
const buildOf = (ref: string): string => ref.slice(ref.indexOf(':') + 1, ref.lastIndexOf('-'));

/** Where the main image of a slug is not, the slug is not. Each image is before the one that it was made of, as it was. */
function mainFirst(images: readonly OurImage[], names: Names): OurImage[] {
  const isMain = ({ key, refs }: OurImage) => refs.includes(names.slugImage(key));
  return [...images.filter(isMain), ...images.filter((image) => !isMain(image))];
}
