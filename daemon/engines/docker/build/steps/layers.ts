import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { tooLarge } from '../../../build/slug-limit.js';
import type { Names } from '../../names.js';
import type { BaseImage } from '../base-images.js';
import { below, folders, fromRoot, parentOf } from './archives.js';
import { isWithin } from './changes.js';
import { APP } from './container-options.js';
import type { BuildContainers } from './containers.js';
import type { KeyedImages, MadeImage } from './keyed-images.js';
import { statOf } from './stat.js';

/** The base image with the folders that closed steps made, so far. */
export interface Layers {
  /** Id of the image that has them. */
  readonly image: string;
  /** What the image was found by; null for the bare base image. */
  readonly key: string | null;
  /** The folders, relative to the app's root; not all need be there. */
  readonly paths: readonly string[];
  /** Bytes that they add to the base image. */
  readonly size: number;
}

export const bare = (base: BaseImage): Layers => ({ image: base.id, key: null, paths: [], size: 0 });

export interface LayerImagesOptions {
  readonly images: KeyedImages;
  readonly names: Names;
  readonly base: BaseImage;
  readonly containers: BuildContainers;
  readonly now: number;
  /** Of a slug, in bytes. */
  readonly limit: number;
}

/** Steps may make more than the slug keeps: what only development needs is removed by a later one. */
export const BEYOND_SLUG = 4;

/** Layer images: each has its base image and the folders of all steps so far, and nothing else that a step left. */
export class LayerImages {
  constructor(private readonly options: LayerImagesOptions) {}

  /** The layers that a step with this key left on top of others. */
  async find(key: string, before: Layers, made: readonly string[]): Promise<Layers | null> {
    const { images, names } = this.options;
    const image = await images.find(names.layerImage(key));
    return image && asLayers(key, image, union(before.paths, made));
  }

  /** Takes the folders out of the container in which a step made them on top of `before`. */
  async make(
    key: string,
    from: Docker.Container,
    { before, made }: { readonly before: Layers; readonly made: readonly string[] },
  ): Promise<Layers> {
    const { images, names, base, containers } = this.options;
    const paths = union(before.paths, made);
    const remade = before.paths.some((path) => isWithin(path, made) || isWithinAny(made, path));
    const parent = remade ? base.id : before.image;
    const target = await containers.forImage(parent, []);
    const bytes = await this.copy(from, target, remade ? paths : made);
    const image = await images.commit(target, {
      kind: 'layer',
      key,
      ref: names.layerImage(key),
      parent,
      size: bytes + (remade ? 0 : before.size),
    });
    await containers.remove(target);
    return asLayers(key, image, paths);
  }

  /** The same folders on another base image, for dynos that need less than what builds. Not kept under a key of its own. */
  async moved(layers: Layers, base: BaseImage): Promise<Layers> {
    if (base.id === this.options.base.id) return layers;
    if (layers.paths.length === 0) return { ...layers, image: base.id };
    const { images, names, containers } = this.options;
    const key = createHash('sha256').update(`moved ${layers.key} ${base.id}`).digest('hex');
    const known = await images.find(names.layerImage(key));
    if (known) return asLayers(key, known, layers.paths);
    const from = await containers.forImage(layers.image, []);
    const target = await containers.forImage(base.id, []);
    const size = await this.copy(from, target, layers.paths);
    const ref = names.layerImage(key);
    const image = await images.commit(target, { kind: 'layer', key, ref, parent: base.id, size });
    await containers.remove(from);
    await containers.remove(target);
    return asLayers(key, image, layers.paths);
  }

  /** Passes the engine's archives on as they are; answers their bytes. */
  private async copy(
    from: Docker.Container,
    to: Docker.Container,
    paths: readonly string[],
  ): Promise<number> {
    const { containers, now, limit } = this.options;
    const there = await Promise.all(paths.map((path) => isFolder(from, path)));
    const present = paths.filter((_, index) => there[index]);
    const parents = present.map((path) => below(APP_NAME, parentOf(path)));
    await containers.fill(to, [folders([APP_NAME, ...parents], now)]);
    let bytes = 0;
    for (const path of present) {
      const archive = await containers.read(from, `${APP}/${path}`);
      archive.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        const excess = tooLarge(bytes, limit * BEYOND_SLUG);
        if (excess) archive.destroy(excess);
      });
      if (parentOf(path) === '') await containers.put(to, archive, APP);
      else await containers.fill(to, [fromRoot(below(APP_NAME, path), archive)]);
    }
    return bytes;
  }
}

const APP_NAME = APP.slice(1);

function asLayers(key: string, { id, size }: MadeImage, paths: readonly string[]): Layers {
  return { image: id, key, paths, size };
}

const union = (one: readonly string[], other: readonly string[]): string[] => [
  ...new Set([...one, ...other]),
];
const isWithinAny = (paths: readonly string[], folder: string): boolean =>
  paths.some((path) => isWithin(path, [folder]));

/** A step may leave no such folder, or something else in its place. */
async function isFolder(container: Docker.Container, path: string): Promise<boolean> {
  return (await statOf(container, `${APP}/${path}`))?.kind === 'folder';
}
