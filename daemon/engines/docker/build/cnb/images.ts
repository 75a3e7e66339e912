import { readBuilder, type Builder } from '../../../../../buildpacks/cnb/builder-image.js';
import type { PlannedBuilder } from '../../../../../buildpacks/plan.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildRequest } from '../../../engine.js';
import type { DockerClient } from '../../client.js';
import { LABEL } from '../../names.js';
import { imageNamed } from '../image-named.js';
import { IMAGE_LABEL } from '../labels.js';

/** An image of a build by a builder. */
export interface FoundImage {
  readonly ref: string;
  /** `sha256:…` */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  /** As whom it runs; empty: root. */
  readonly user: string;
  readonly architecture: string;
}

/** The builder, and what its apps run on. */
export interface BuilderImages {
  readonly image: FoundImage;
  readonly builder: Builder;
  readonly run: FoundImage;
}

/** How images get here. */
export interface Supply {
  /** Rejects with StepFailed where one cannot be had. */
  ensureAll(
    refs: Iterable<string>,
    request: Pick<BuildRequest, 'appId' | 'output'>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Finds builders and their run images. */
export class BuilderSupply {
  constructor(private readonly parts: { readonly client: DockerClient; readonly supply: Supply }) {}

  /** As Engine.runtimeOf: the ids of both images, as far as they are here. */
  async runtimeOf({ image: ref }: PlannedBuilder): Promise<string> {
    const image = await this.find(ref);
    const read = image === null ? null : readBuilder(image);
    if (image === null || !read?.ok) return `missing ${ref}`;
    const run = await this.firstOf(read.builder.runImages);
    return `${image.id} ${run?.id ?? `missing ${read.builder.runImages[0] ?? ''}`}`;
  }

  /** Both images. Rejects with StepFailed where one cannot be had, or is not what it should be. */
  async obtain(
    planned: PlannedBuilder,
    request: Pick<BuildRequest, 'appId' | 'output'>,
    signal: AbortSignal,
  ): Promise<BuilderImages> {
    const named = `${planned.by} names the builder ${planned.image}`;
    const image = await this.ensure(planned.image, request, signal).catch((error: unknown) => {
      throw refusal(error, `${named}, which cannot be had.`);
    });
    const read = readBuilder(image);
    if (!read.ok) throw failed(`${named}, but that image ${read.why}.`, ANOTHER);
    const { runImages } = read.builder;
    const ref = (await this.firstOf(runImages))?.ref ?? runImages[0] ?? '';
    const run = await this.ensure(ref, request, signal).catch((error: unknown) => {
      throw refusal(error, `Apps of the builder ${planned.image} run on ${ref}, which cannot be had.`);
    });
    refuseOurs(run, planned);
    return { image, builder: read.builder, run };
  }

  private async firstOf(refs: readonly string[]): Promise<FoundImage | null> {
    for (const ref of refs) {
      const image = await this.find(ref);
      if (image !== null) return image;
    }
    return null;
  }

  private async ensure(
    ref: string,
    request: Pick<BuildRequest, 'appId' | 'output'>,
    signal: AbortSignal,
  ): Promise<FoundImage> {
    await this.parts.supply.ensureAll([ref], request, signal);
    const image = await this.find(ref);
    if (image === null) throw failed(`The image ${ref} was removed just now.`, 'Push again.');
    return image;
  }

  private async find(ref: string): Promise<FoundImage | null> {
    const found = await imageNamed(await this.parts.client.api(), ref);
    if (found === null) return null;
    // Null where there are none, against the client's types.
    const config = found.Config as {
      readonly Labels?: Record<string, string> | null;
      readonly Env?: string[] | null;
      readonly User?: string;
    };
    const { Labels, Env, User } = config;
    return {
      ref,
      id: found.Id,
      labels: Labels ?? {},
      env: Env ?? [],
      user: User ?? '',
      architecture: found.Architecture,
    };
  }
}

const ANOTHER =
  'Name an image that `pack builder create` made, such as heroku/builder:24 or paketobuildpacks/builder-jammy-base.';

const failed = (message: string, hint: string): StepFailed =>
  new StepFailed({ ok: false, reason: 'runtime', message, hint });

const OUR_LABELS: readonly string[] = [...Object.values(LABEL), ...Object.values(IMAGE_LABEL)];

/** A slug has the labels of what it stands on: tfk would take it for what these say. */
function refuseOurs({ ref, labels }: FoundImage, { image }: PlannedBuilder): void {
  const ours = OUR_LABELS.find((name) => name in labels);
  if (ours === undefined) return;
  const message = `Apps of the builder ${image} run on ${ref}, which has the label ${ours}: tfk has made it, or what it stands on.`;
  throw failed(message, 'Take a builder whose run image is none of a tfk app.');
}

/** The build's failure with what it means; the engine's own stays as it is. */
function refusal(error: unknown, before: string): unknown {
  if (!(error instanceof StepFailed) || error.fault.reason !== 'runtime') return error;
  return new StepFailed({ ...error.fault, message: `${before} ${error.fault.message}` });
}
