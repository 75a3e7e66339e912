import type Docker from 'dockerode';
import { unless } from '../answers.js';
import { LABEL, type Names } from '../names.js';
import { IMAGE_LABEL } from './labels.js';

/** An image with this home's labels, which it may have inherited: users build images of their own from ours, and tag ours. */
export interface OurImage {
  readonly id: string;
  /** Its tags in this home's repositories; none where another image has taken them over, and in users' images. */
  readonly refs: readonly string[];
  /** Has it names that tfk did not give? */
  readonly foreign: boolean;
  readonly kind: string;
  readonly key: string;
  readonly appId: string;
  /** Keys of the layer images that it was built with. */
  readonly layers: readonly string[];
  /** Id of the image that it adds to, as tfk labelled it. */
  readonly parent: string | null;
  /** By a container, running or not. */
  readonly used: boolean;
  /** Bytes of its own. */
  readonly bytes: number;
}

/** Those with this home's labels, each before the one that it was made of. */
export async function ourImages(docker: Docker, names: Names): Promise<OurImage[]> {
  const filters = JSON.stringify({ label: [`${LABEL.home}=${names.home}`] });
  const found = await docker.listImages({ filters });
  const containers = await docker.listContainers({ all: true });
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const byId = new Map(found.map((image) => [image.Id, image]));
  const depths = new Map(found.map((image) => [image.Id, depthOf(image, byId)]));
  return found
    .map((image) => ourImage(image, { prefix: `tfk-${names.home}/`, byId, used }))
    .sort((one, other) => (depths.get(other.id) ?? 0) - (depths.get(one.id) ?? 0));
}

type ById = ReadonlyMap<string, Docker.ImageInfo>;

/** How many it was made of, one of the other. Times do not tell: many are made in one second. */
function depthOf(image: Docker.ImageInfo, byId: ById): number {
  const seen = new Set<string>();
  let at: Docker.ImageInfo | undefined = image;
  while (at !== undefined && !seen.has(at.Id)) {
    seen.add(at.Id);
    at = byId.get(at.Labels[IMAGE_LABEL.parent] ?? '');
  }
  return seen.size;
}

function ourImage(
  { Id, RepoTags, Labels }: Docker.ImageInfo,
  {
    prefix,
    byId,
    used,
  }: { readonly prefix: string; readonly byId: ById; readonly used: ReadonlySet<string> },
): OurImage {
  const names = (RepoTags ?? []).filter((ref) => ref !== '<none>:<none>');
  const refs = names.filter((ref) => ref.startsWith(prefix));
  const parent = Labels[IMAGE_LABEL.parent] ?? null;
  const below = byId.get(parent ?? '')?.Labels[IMAGE_LABEL.size];
  return {
    id: Id,
    refs,
    foreign: names.length > refs.length,
    kind: Labels[LABEL.kind] ?? '',
    key: Labels[LABEL.key] ?? '',
    appId: Labels[LABEL.app] ?? '',
    layers: (Labels[IMAGE_LABEL.layers] ?? '').split(',').filter((key) => key !== ''),
    parent,
    used: used.has(Id),
    bytes: Number(Labels[IMAGE_LABEL.size] ?? 0) - Number(below ?? 0),
  };
}

/**
 * Takes away the names that tfk gave, one of them first, and with the last name the image; all others' images and names stay.
 * False where it is in use.
 */
export async function removeImage(docker: Docker, image: OurImage, first: string | null): Promise<boolean> {
  const refs = [...image.refs].sort((one, other) => Number(other === first) - Number(one === first));
  if (refs.length === 0 && !image.foreign && (await isCommitted(docker, image))) {
    return removed(docker, image.id);
  }
  for (const ref of refs) if (!(await removed(docker, ref))) return false;
  return refs.length > 0;
}

/** A nameless image is ours where the engine says of its parent what the label says: what is made from it inherits the label. */
async function isCommitted(docker: Docker, { id, parent }: OurImage): Promise<boolean> {
  const found = await unless([404], docker.getImage(id).inspect());
  return parent !== null && found?.Parent === parent;
}

/** Not the nameless images below it, which may be a user's. False where something uses it. */
async function removed(docker: Docker, ref: string): Promise<boolean> {
  const removal = unless([404], docker.getImage(ref).remove({ noprune: true }));
  return (
    (await unless(
      [409],
      removal.then(() => true),
    )) ?? false
  );
}
