import { createHash } from 'node:crypto';
import type { Language, Runtime } from '../../../../../buildpacks/plan.js';
import { StepFailed } from '../../../build/step-failed.js';
import { unless } from '../../answers.js';
import type { Names } from '../../names.js';
import type { BaseImage, Tool } from '../base-images.js';
import { fromRoot } from './archives.js';
import type { BuildContainers } from './containers.js';
import type { KeyedImages } from './keyed-images.js';

/**
 * Where the official image of a language has what makes it, and nothing else has anything: these files run on any other of our
 * base images, as all are of one Debian release.
 */
const PLACES: Readonly<Partial<Record<Language, readonly string[]>>> = {
  node: [
    ...['node', 'npm', 'npx', 'corepack'].map((name) => `/usr/local/bin/${name}`),
    '/usr/local/lib/node_modules',
  ],
};

export interface ToolImagesOptions {
  readonly images: KeyedImages;
  readonly names: Names;
  readonly containers: BuildContainers;
  /** Told of each image as soon as the build relies on it. */
  readonly uses: (key: string) => void;
}

/** Base images with the tools of further languages, made once per set of images. */
export class ToolImages {
  constructor(private readonly options: ToolImagesOptions) {}

  /** The base image itself where no tool is wanted. Rejects with StepFailed for a language that stands only on its own. */
  async equip(base: BaseImage, tools: readonly Tool[]): Promise<BaseImage> {
    if (tools.length === 0) return base;
    const { images, names, uses } = this.options;
    const parts = ['tools', 1, base.id, tools.map(({ runtime, image }) => [runtime.language, image.id])];
    const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    uses(key);
    const known = await images.find(names.layerImage(key));
    return { ...base, id: known?.id ?? (await this.make(key, base, tools)) };
  }

  private async make(key: string, base: BaseImage, tools: readonly Tool[]): Promise<string> {
    const { containers, images, names } = this.options;
    const target = await containers.forImage(base.id, []);
    for (const { runtime, image } of tools) {
      const from = await containers.forImage(image.id, []);
      for (const path of placesIn(runtime)) {
        const archive = await unless([404], containers.read(from, path));
        if (archive !== null) await containers.fill(target, [fromRoot(path.slice(1), archive)]);
      }
      await containers.remove(from);
    }
    const ref = names.layerImage(key);
    // Of no slug's size, as the base image is not.
    const { id } = await images.commit(target, { kind: 'layer', key, ref, parent: base.id, size: 0 });
    await containers.remove(target);
    return id;
  }
}

/** Empty for a language that stands only on its own. */
export const placesOf = ({ language }: Runtime): readonly string[] => PLACES[language] ?? [];

function placesIn(runtime: Runtime): readonly string[] {
  const { language } = runtime;
  const places = placesOf(runtime);
  if (places.length > 0) return places;
  const message = `An app of two languages has Node.js as the second one: ${language} cannot be added to another image. Build it by a Dockerfile.`;
  throw new StepFailed({ ok: false, reason: 'runtime', message });
}
