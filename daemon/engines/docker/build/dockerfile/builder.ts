import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { BuildPlan, ImageBuild } from '../../../../../buildpacks/plan.js';
import { messageOf } from '../../../../shared/errors.js';
import type { Logger } from '../../../../shared/logger.js';
import { refuseLarge } from '../../../build/slug-limit.js';
import type { Watch } from '../../../build/watch.js';
import type { BuildRequest, BuildResult } from '../../../engine.js';
import { unless } from '../../answers.js';
import type { DockerClient } from '../../client.js';
import { orLeft } from '../../leftovers.js';
import { LABEL, type Names } from '../../names.js';
import { IMAGE_LABEL } from '../labels.js';
import type { BuildResources } from '../steps/container-options.js';
import { commandLine, healthcheckOf } from './facts.js';
import { ImageMaker, type MadeImage } from './image-maker.js';

export interface DockerfileBuilderOptions {
  readonly client: DockerClient;
  readonly names: Names;
  readonly logger: Logger;
  readonly baseImages: Bases;
  /** What a build may take; only the classic builder can be held to it. */
  readonly resources: BuildResources;
}

/** The images that Dockerfiles start from. */
export interface Bases {
  /** Rejects with StepFailed where one cannot be had. */
  ensureAll(
    refs: Iterable<string>,
    request: Pick<BuildRequest, 'appId' | 'output'>,
    signal: AbortSignal,
  ): Promise<void>;
  idOf(ref: string): Promise<string | null>;
}

/** Builds the images of users' Dockerfiles: one for each of the plan's, named after the slug's key. */
export class DockerfileBuilder {
  constructor(private readonly options: DockerfileBuilderOptions) {}

  /** As Engine.runtimeOf: the ids of all base images. */
  async runtimeOf({ images }: BuildPlan): Promise<string> {
    const refs = [...new Set(images.flatMap(({ bases }) => bases))];
    const ids = await Promise.all(refs.map((ref) => this.options.baseImages.idOf(ref)));
    return createHash('sha256')
      .update(JSON.stringify([refs, ids]))
      .digest('hex')
      .slice(0, 32);
  }

  /**
   * Makes the images of a plan. `keyOf` is asked for the artifact's id once the base images are there. Rejects with
   * StepFailed for the app's fault, and when the watch ends the build.
   */
  async build(request: BuildRequest, watch: Watch, keyOf: () => Promise<string>): Promise<BuildResult> {
    watch.refuseStopped();
    await this.ensureBases(request, watch);
    const key = await keyOf();
    return this.make(await this.options.client.api(), request, { key, watch });
  }

  /** Removes images that builds of an earlier tfkd were cut off from; called before the first build. */
  async recover(): Promise<void> {
    const docker = await this.options.client.api();
    const filters = JSON.stringify({ label: this.options.names.filter('build') });
    const found = await docker.listImages({ filters });
    // Users' images may have the label too, of one of these that they were built from.
    const ours = `tfk-${this.options.names.home}/`;
    const refs = found.flatMap(({ RepoTags }) => (RepoTags ?? []).filter((ref) => ref.startsWith(ours)));
    for (const image of refs) {
      const removal = unless([404, 409], docker.getImage(image).remove({ noprune: true }));
      await orLeft(removal, { image }, this.options.logger);
    }
  }

  private async ensureBases(request: BuildRequest, watch: Watch): Promise<void> {
    const refs = new Set(request.plan.images.flatMap(({ bases }) => bases));
    await this.options.baseImages.ensureAll(refs, request, watch.signal).catch((error: unknown) => {
      watch.refuseStopped();
      throw error;
    });
  }

  /** The main image is named last: where its name is, all are there. */
  private async make(
    docker: Docker,
    request: BuildRequest,
    { key, watch }: { readonly key: string; readonly watch: Watch },
  ): Promise<BuildResult> {
    const maker = new ImageMaker({ ...this.options, docker, request, watch });
    const added: string[] = [];
    try {
      const made: MadeImage[] = [];
      for (const image of request.plan.images)
        made.push(await maker.make(image, await sourceOf(request, image)));
      refuseLarge(
        made.reduce((sum, { own }) => sum + own, 0),
        request.limits.slugBytes,
      );
      for (const image of [...made].reverse()) {
        const isMain = image === made[0];
        const labels = { ...this.labelsOf(image, request.appId, key), ...(isMain ? mainLabels(made) : {}) };
        const tags = this.tagsOf(image.build, key, isMain);
        // What an earlier build has named stays its own, whatever becomes of this one.
        for (const tag of tags) if (!(await isThere(docker, tag))) added.push(tag);
        await maker.name(image, tags, labels);
      }
      return resultOf(key, made);
    } catch (error) {
      await this.remove(docker, added);
      throw error;
    } finally {
      await this.remove(docker, maker.temporary);
    }
  }

  /** Every process type without a name of its own runs in the main image. */
  private tagsOf({ serves }: ImageBuild, key: string, isMain: boolean): string[] {
    return isMain
      ? [this.options.names.slugImage(key)]
      : serves.map((type) => this.options.names.slugImage(key, type));
  }

  /** What cannot be removed now is removed by recover(), or as garbage. */
  private async remove(docker: Docker, tags: readonly string[]): Promise<void> {
    for (const tag of tags) {
      await unless([404, 409], docker.getImage(tag).remove({ noprune: true })).catch((error: unknown) => {
        this.options.logger.warn({ image: tag, reason: messageOf(error) }, 'image of a build not removed');
      });
    }
  }

  private labelsOf({ build, config }: MadeImage, appId: string, key: string): Record<string, string> {
    const command = build.command ?? commandLine(config);
    return this.options.names.labels('slug', {
      [LABEL.key]: key,
      [LABEL.app]: appId,
      ...(command === null ? {} : { [LABEL.command]: command }),
    });
  }
}

async function isThere(docker: Docker, tag: string): Promise<boolean> {
  return (await unless([404], docker.getImage(tag).inspect())) !== null;
}

async function sourceOf({ sourceDir }: BuildRequest, { context, dockerfile }: ImageBuild) {
  return {
    folder: join(sourceDir, context),
    dockerfile: posix.relative(context, dockerfile),
    text: await readFile(join(sourceDir, dockerfile), 'utf8'),
  };
}

function resultOf(key: string, made: readonly MadeImage[]): BuildResult {
  const [main] = made;
  const servesWeb = main?.build.serves.includes('web') ?? false;
  return {
    ok: true,
    artifact: { engine: 'docker', id: key, size: sizeOf(made) },
    image: main
      ? {
          command: servesWeb ? (main.build.command ?? commandLine(main.config)) : null,
          healthcheck: healthcheckOf(main.config),
        }
      : null,
  };
}

const mainLabels = (made: readonly MadeImage[]): Record<string, string> => ({
  [IMAGE_LABEL.size]: String(sizeOf(made)),
  [IMAGE_LABEL.images]: made
    .slice(1)
    .flatMap(({ build }) => build.serves)
    .join(','),
});

const sizeOf = (made: readonly MadeImage[]): number => made.reduce((sum, { size }) => sum + size, 0);
