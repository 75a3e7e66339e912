import type Docker from 'dockerode';
import { isImageId, isImageReference } from '../../image-reference.js';
import { unless } from '../answers.js';
import { LABEL, type Names } from '../names.js';

/** An image that is there, by its name in full or its id in full; null for whatever else dockerd would take the text for. */
export async function imageNamed(docker: Docker, ref: string): Promise<Docker.ImageInspectInfo | null> {
  if (!isImageReference(ref)) return null;
  const image = await unless([400, 404], docker.getImage(ref).inspect());
  return image === null || isShortFor(ref, image) ? null : image;
}

/** Dockerd takes the beginning of an id for the image, where no image has that name. */
function isShortFor(ref: string, { Id, RepoTags }: Docker.ImageInspectInfo): boolean {
  if (isImageId(ref)) return false;
  const begins = [Id, Id.replace(/^sha256:/, '')].some((id) => id.startsWith(ref));
  // Null in images without a name, against the client's types.
  const names = (RepoTags as readonly string[] | null) ?? [];
  return begins && !names.some((name) => name === ref || name === `${ref}:latest`);
}

/** May an app be given the image, as far as its labels say? Others' slugs, and what was made of them, are theirs alone. */
export function isFor(appId: string, { Config }: Docker.ImageInspectInfo, { home }: Names): boolean {
  const labels = (Config.Labels as Readonly<Record<string, string>> | null | undefined) ?? {};
  const isOfTfk = Object.hasOwn(labels, LABEL.home) || Object.hasOwn(labels, LABEL.app);
  return !isOfTfk || (labels[LABEL.home] === home && labels[LABEL.app] === appId);
}
