import type Docker from 'dockerode';
import type { BuildPlan, Runtime } from '../../../../buildpacks/plan.js';
import type { Clock } from '../../../shared/clock.js';
import { TfkError } from '../../../shared/errors.js';
import { StepFailed } from '../../build/step-failed.js';
import type { BuildOutput, BuildRequest } from '../../engine.js';
import { isImageId, isImageReference } from '../../image-reference.js';
import { answerOf, statusOf } from '../answers.js';
import type { DockerClient } from '../client.js';
import type { Names } from '../names.js';
import { asked, chooseBase, refusedVersion, settingOf } from './base-choice.js';
import { inOurWords } from './failure.js';
import { imageNamed, isFor } from './image-named.js';
import { pull } from './pull.js';

/** An image that a plan's steps run on. */
export interface BaseImage {
  readonly ref: string;
  /** `sha256:…` */
  readonly id: string;
  /** The PATH of its processes. */
  readonly path: string;
}

/** A further language beside the base image's own. */
export interface Tool {
  readonly runtime: Runtime;
  readonly image: BaseImage;
}

/** What one plan's steps and dynos start from. */
export interface Bases {
  readonly build: BaseImage;
  readonly launch: BaseImage;
  readonly tools: readonly Tool[];
}

export interface BaseImagesOptions {
  readonly client: DockerClient;
  readonly names: Names;
  readonly clock: Clock;
  /** Images by language, `{ node: 'mirror/node:22', none: … }`; official ones where a language is not named. */
  readonly configured: Readonly<Record<string, string | null | undefined>>;
}

const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The images that builds start from: which one a runtime means, and how it gets here. */
export class BaseImages {
  constructor(private readonly options: BaseImagesOptions) {}

  /** The id of an image that is here; null where it is not. */
  async idOf(ref: string): Promise<string | null> {
    return (await this.inspect(ref))?.Id ?? null;
  }

  /**
   * An image, which is pulled where it is missing. Rejects with a TfkError where it cannot be had, or is for another
   * architecture; and when the signal aborts.
   */
  private async ensure(
    ref: string,
    output: BuildOutput,
    signal: AbortSignal,
  ): Promise<Docker.ImageInspectInfo> {
    if (!isImageReference(ref)) throw noReference(ref);
    const known = (await this.inspect(ref)) ?? (await this.fetch(ref, output, signal));
    const { architecture } = await this.options.client.host();
    const own = commonName(architecture);
    if (known.Architecture && commonName(known.Architecture) !== own) {
      throw new TfkError(
        'invalid_params',
        `The image ${ref} is for ${known.Architecture}, and this Docker engine runs ${own}.`,
        { hint: `Pull it for this machine: docker pull --platform linux/${own} ${ref}` },
      );
    }
    return known;
  }

  /** As Engine.runtimeOf, for a plan of steps. Never fetches anything. */
  async runtimeOf(plan: BuildPlan): Promise<string> {
    const ids = await Promise.all(runtimesOf(plan).map((runtime) => this.idFor(runtime)));
    return ids.join(' ');
  }

  /** All images of a plan of steps. Rejects with StepFailed where the plan asks for what no image has. */
  async forPlan(plan: BuildPlan, output: BuildOutput, signal: AbortSignal): Promise<Bases> {
    const images = new Map<Runtime, BaseImage>();
    for (const runtime of runtimesOf(plan))
      images.set(runtime, await this.forRuntime(runtime, output, signal));
    const imageOf = (runtime: Runtime) => images.get(runtime) as BaseImage;
    return {
      build: imageOf(plan.runtime),
      launch: imageOf(hasOwnLaunch(plan) ? plan.launchRuntime : plan.runtime),
      tools: plan.tools.map((runtime) => ({ runtime, image: imageOf(runtime) })),
    };
  }

  private async idFor(runtime: Runtime): Promise<string> {
    const choice = this.choice(runtime);
    if (!choice.ok) return 'none';
    return (await this.present(runtime, choice.refs))?.Id ?? `missing ${choice.refs[0]}`;
  }

  private async forRuntime(runtime: Runtime, output: BuildOutput, signal: AbortSignal): Promise<BaseImage> {
    const choice = this.choice(runtime);
    if (!choice.ok) throw refusal(choice.message);
    const here = await this.present(runtime, choice.refs);
    const ref = here?.ref ?? choice.refs[0] ?? '';
    const other = `Another image, or a mirror's, is named with ${choice.setting}.`;
    const image = await this.ensure(ref, output, signal).catch((error: unknown) => {
      throw asRefusal(error, { before: sentence(runtime), after: other });
    });
    const env = envOf(image);
    const version = refusedVersion(runtime, env);
    if (version !== null) {
      const change = `Change the version, or name another image with ${settingOf(runtime.language)}.`;
      throw refusal(`${asked(runtime)}and the image ${ref} has ${version}. ${change}`);
    }
    const path = env.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? USUAL_PATH;
    return { ref, id: image.Id, path };
  }

  /** The images that an app's Dockerfiles start from. Rejects with StepFailed where one cannot be had. */
  async ensureAll(
    refs: Iterable<string>,
    { appId, output }: Pick<BuildRequest, 'appId' | 'output'>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const ref of refs) {
      const image = await this.ensure(ref, output, signal).catch((error: unknown) => {
        throw asRefusal(error);
      });
      if (!isFor(appId, image, this.options.names)) throw asRefusal(noSuchImage(ref));
    }
  }

  private choice(runtime: Runtime) {
    return chooseBase(runtime, this.options.configured[runtime.language] ?? undefined);
  }

  /** The first of the images that is here and has a version which the runtime allows. */
  private async present(
    runtime: Runtime,
    refs: readonly string[],
  ): Promise<{ readonly ref: string; readonly Id: string } | null> {
    for (const ref of refs) {
      const image = await this.inspect(ref);
      if (image && refusedVersion(runtime, envOf(image)) === null) return { ref, Id: image.Id };
    }
    return null;
  }

  private async inspect(ref: string): Promise<Docker.ImageInspectInfo | null> {
    return imageNamed(await this.docker(), ref);
  }

  private async fetch(
    ref: string,
    output: BuildOutput,
    signal: AbortSignal,
  ): Promise<Docker.ImageInspectInfo> {
    if (isImageId(ref)) throw noSuchImage(ref);
    try {
      await pull(await this.docker(), { ref, output, signal, clock: this.options.clock });
    } catch (error) {
      signal.throwIfAborted();
      const ours = inOurWords(error);
      throw ours instanceof TfkError ? ours : missing(ref, error);
    }
    const pulled = await this.inspect(ref);
    if (pulled === null) throw missing(ref, new Error('the registry sent something else'));
    return pulled;
  }

  private docker(): Promise<Docker> {
    return this.options.client.api();
  }
}

/** Each once, the main one first. */
const runtimesOf = (plan: BuildPlan): Runtime[] => [
  plan.runtime,
  ...plan.tools,
  ...(hasOwnLaunch(plan) ? [plan.launchRuntime] : []),
];

const hasOwnLaunch = ({ runtime, launchRuntime }: BuildPlan): boolean =>
  launchRuntime.language !== runtime.language;

const noReference = (ref: string): TfkError =>
  new TfkError('invalid_params', `${JSON.stringify(ref.slice(0, 300))} is no name of an image.`, {
    hint: 'One is like node:22-slim, HOST/REPOSITORY@sha256:…, or an id in full, sha256:… with 64 hex digits.',
  });

const noSuchImage = (ref: string): TfkError =>
  new TfkError('not_found', `There is no image ${ref} on the Docker engine of this machine.`, {
    hint: 'Name it with its repository, as in REPOSITORY@sha256:…, and it is fetched.',
  });

function missing(ref: string, error: unknown): TfkError {
  const why = answerOf(error).replace(/\.$/, '');
  const status = statusOf(error);
  return new TfkError(
    'not_found',
    `The image ${ref} is not on this machine, and pulling it failed${status === 404 ? ': there is none' : ''}: ${why}.`,
    {
      hint: `On a machine without a registry: \`docker save ${ref}\` on one that has the image, and \`docker load\` here.`,
      cause: error,
    },
  );
}

/** Null in images that set none, against the client's types. */
function envOf({ Config }: Docker.ImageInspectInfo): readonly string[] {
  const env = Config.Env as readonly string[] | null;
  return env ?? [];
}

function refusal(message: string): StepFailed {
  return new StepFailed({ ok: false, reason: 'runtime', message });
}

/** An image that cannot be had is the build's failure; an engine that does not answer, or a full disk, is not. */
function asRefusal(error: unknown, { before = '', after = '' } = {}): unknown {
  if (!(error instanceof TfkError) || !MISSING.includes(error.id)) return error;
  return refusal([before, error.message, error.hint ?? '', after].filter((text) => text !== '').join(' '));
}

const sentence = (runtime: Runtime): string => (runtime.asked === null ? '' : `${runtime.asked}.`);

const MISSING: readonly string[] = ['not_found', 'invalid_params'];

/** Docker's own names for what other tools call otherwise. */
export function commonName(architecture: string): string {
  return { x86_64: 'amd64', aarch64: 'arm64' }[architecture] ?? architecture;
}
