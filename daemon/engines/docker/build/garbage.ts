import type Docker from 'dockerode';
import type { Logger } from '../../../shared/logger.js';
import type { Artifact } from '../../engine.js';
import { unless } from '../answers.js';
import type { DockerClient } from '../client.js';
import { orLeft } from '../leftovers.js';
import { LABEL, type Kind, type Names } from '../names.js';
import type { Caches } from './caches.js';
import { IMAGE_LABEL } from './labels.js';
import type { BuildNetwork } from './network.js';
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
      const { slugs, layers: layerImages } = await this.images(docker);
      const kept = slugs.filter(({ key }) => wanted.has(key));
      const layers = new Set(kept.flatMap((slug) => slug.layers));
      const freed =
        (await this.removeOthers(docker, slugs, wanted)) +
        (await this.removeOthers(docker, layerImages, layers));
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

  private async removeOthers(
    docker: Docker,
    images: readonly OurImage[],
    keep: ReadonlySet<string>,
  ): Promise<number> {
    let freed = 0;
    for (const image of images) {
      if (keep.has(image.key) && image.refs.length > 0) continue;
      if (image.used || this.parts.builds.use(image.key)) continue;
      freed += await remove(docker, image);
    }
    return freed;
  }

  /** Those that no container uses, the newest first: an image goes only after what was made of it. */
  private async images(docker: Docker): Promise<{ slugs: OurImage[]; layers: OurImage[] }> {
    const filters = JSON.stringify({ label: [`${LABEL.home}=${this.parts.names.home}`] });
    const found = await docker.listImages({ filters });
    const containers = await docker.listContainers({ all: true });
    const used = new Set(containers.map(({ ImageID }) => ImageID));
    const ours = found.map((image) => ourImage(image, { all: found, used }));
    ours.sort((one, other) => other.created - one.created);
    const of = (kind: Kind) => ours.filter((image) => image.kind === kind);
    return { slugs: of('slug'), layers: of('layer') };
  }
}

interface OurImage {
  readonly id: string;
  /** Its tags; none where another image has taken them over. */
  readonly refs: readonly string[];
  readonly kind: string;
  readonly key: string;
  readonly appId: string;
  readonly layers: readonly string[];
  readonly created: number;
  /** By a container, running or not. */
  readonly used: boolean;
  /** Bytes of its own. */
  readonly bytes: number;
}

function ourImage(
  image: Docker.ImageInfo,
  { all, used }: { readonly all: readonly Docker.ImageInfo[]; readonly used: ReadonlySet<string> },
): OurImage {
  const { Id, RepoTags, Labels, Created } = image;
  const total = Number(Labels[IMAGE_LABEL.size] ?? 0);
  const parent = all.find((other) => other.Id === Labels[IMAGE_LABEL.parent]);
  return {
    id: Id,
    refs: (RepoTags ?? []).filter((ref) => ref !== '<none>:<none>'),
    kind: Labels[LABEL.kind] ?? '',
    key: Labels[LABEL.key] ?? '',
    appId: Labels[LABEL.app] ?? '',
    layers: (Labels[IMAGE_LABEL.layers] ?? '').split(',').filter((key) => key !== ''),
    created: Created,
    used: used.has(Id),
    bytes: total - Number(parent?.Labels[IMAGE_LABEL.size] ?? 0),
  };
}

/** Without force: an image that a container uses, or another is made of, stays. Answers the bytes freed. */
async function remove(docker: Docker, { id, refs, bytes }: OurImage): Promise<number> {
  let removed = false;
  for (const ref of refs.length > 0 ? refs : [id]) {
    const answer: unknown = await unless([404, 409], docker.getImage(ref).remove({ noprune: false }));
    removed ||= wasDeleted(answer, id);
  }
  return removed ? bytes : 0;
}

function wasDeleted(answer: unknown, id: string): boolean {
  return Array.isArray(answer) && answer.some(({ Deleted }: { Deleted?: string }) => Deleted === id);
}
