import type Docker from 'dockerode';
import type { ImageBuild } from '../../../../../buildpacks/plan.js';
import type { Logger } from '../../../../shared/logger.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { Watch } from '../../../build/watch.js';
import type { BuildOutput, BuildRequest } from '../../../engine.js';
import { isImageId } from '../../../image-reference.js';
import type { DockerClient } from '../../client.js';
import type { Names } from '../../names.js';
import { commonName } from '../base-images.js';
import { imageNamed } from '../image-named.js';
import { handOver } from '../steps/build-env.js';
import type { BuildResources } from '../steps/container-options.js';
import { lacksBuildKit, runBuilder, type BuilderEnd } from './builder-run.js';
import { contextTar, loneDockerfile, type BuildContext } from './context.js';
import { runsAsRoot, type ImageConfig } from './facts.js';
import { failureWords, needsLaterSyntax } from './failure-words.js';
import { attemptsOf } from './syntax-line.js';

export interface DockerfileSource extends BuildContext {
  readonly text: string;
}

/** An image that was built, and has no name of the slug's yet. */
export interface MadeImage {
  readonly build: ImageBuild;
  readonly config: ImageConfig;
  readonly tag: string;
  /** Bytes, its base image's among them. */
  readonly size: number;
  /** Bytes without those. */
  readonly own: number;
  /** What it was built from, as the builder took it. */
  readonly source: DockerfileSource;
}

export interface ImageMakerParts {
  readonly docker: Docker;
  readonly client: DockerClient;
  readonly names: Names;
  readonly logger: Logger;
  readonly request: BuildRequest;
  readonly resources: BuildResources;
  readonly watch: Watch;
}

/** Makes the images of one build. */
export class ImageMaker {
  /** BuildKit; `1` once the engine turned out to be without it. */
  private version: '1' | '2' = '2';
  /** Names that only the build itself needs. */
  readonly temporary: string[] = [];
  /** Did a step meet a certificate that it does not know? */
  private distrusted = false;

  constructor(private readonly parts: ImageMakerParts) {}

  /** Rejects with StepFailed for the Dockerfile's fault. */
  async make(build: ImageBuild, source: DockerfileSource): Promise<MadeImage> {
    const { docker, names, request } = this.parts;
    const tag = `tfk-${names.home}/build:${request.buildId}-${this.temporary.length}`;
    this.temporary.push(tag);
    request.output.step(`Building image ${build.name} from ${build.dockerfile}`);
    const text = await this.firstThatBuilds(build, source, tag);
    const { Config, Architecture, Size, RootFS } = await docker.getImage(tag).inspect();
    await this.refuseOtherArchitecture(build, Architecture);
    const config = Config as ImageConfig;
    if (runsAsRoot(config)) for (const line of rootWarning(build, source.text)) request.output.warning(line);
    const own = Size - (await this.baseSize(build, RootFS.Layers ?? []));
    return { build, config, tag, size: Size, own, source: { ...source, text } };
  }

  /** Of the largest of its base images whose layers all are in it: it has others for COPY --from. */
  private async baseSize({ bases }: ImageBuild, layers: readonly string[]): Promise<number> {
    const found = await Promise.all(bases.map((ref) => imageNamed(this.parts.docker, ref)));
    const below = found.filter((base) => base?.RootFS.Layers?.every((layer, at) => layers[at] === layer));
    return Math.max(0, ...below.map((base) => base?.Size ?? 0));
  }

  /**
   * Names an image for good, with labels, which are only known now that it is built. An image of no name serves no process
   * type, and is forgotten. Labels of the builder's options leave no line in the image's history, other than a LABEL
   * instruction or a commit.
   */
  async name(image: MadeImage, tags: readonly string[], labels: Record<string, string>): Promise<void> {
    const [first, ...others] = tags;
    if (first === undefined) return;
    await this.label(image, first, labels);
    for (const other of others) {
      const colon = other.lastIndexOf(':');
      const tag = { repo: other.slice(0, colon), tag: other.slice(colon + 1) };
      await this.parts.docker.getImage(first).tag(tag);
    }
  }

  private async label(image: MadeImage, tag: string, labels: Record<string, string>): Promise<void> {
    const { output } = this.parts.request;
    // A Dockerfile FROM it would run its ONBUILD instructions: such a one is built again, all from the cache.
    const again = (image.config.OnBuild ?? []).length > 0;
    const silent = {
      step: () => undefined,
      detail: () => undefined,
      warning: (text: string) => output.warning(text),
    };
    const end = await runBuilder(this.parts.docker, {
      context: again
        ? () => contextTar(image.source, image.source.text)
        : () => Promise.resolve(loneDockerfile(`FROM ${image.tag}\n`)),
      options: again
        ? { ...(await this.optionsFor(image.build, image.source)), labels, t: tag }
        : { version: this.version, rm: true, forcerm: true, labels, t: tag },
      output: silent,
      watch: this.parts.watch,
    });
    if (!end.ok) throw new Error(`naming an image failed: ${end.message}`);
  }

  /** Answers the text of the Dockerfile that could be built. */
  private async firstThatBuilds(build: ImageBuild, source: DockerfileSource, tag: string): Promise<string> {
    const attempts = attemptsOf(source.text);
    let first = '';
    for (const [index, text] of attempts.entries()) {
      const end = await this.run(build, { ...source, text }, tag);
      if (end.ok) return text;
      // The engine's failure, which inOurWords knows.
      if (/no space left on device/i.test(end.message)) throw new Error(end.message);
      const words = failureWords({ ...end, dockerfile: build.dockerfile }) + (await this.hints(text));
      const isLast = index === attempts.length - 1 || !needsLaterSyntax(end.message);
      if (isLast) throw this.failed(index === 0 ? words : `${first} ${words}`);
      first = words;
      this.parts.request.output.detail('This engine cannot read the file: fetching the syntax that it names');
    }
    throw new Error('there is always a last attempt');
  }

  private async run(build: ImageBuild, source: DockerfileSource, tag: string): Promise<BuilderEnd> {
    const { docker, names, request, watch } = this.parts;
    const attempt = async () =>
      runBuilder(docker, {
        context: () => contextTar(source, source.text),
        options: { ...(await this.optionsFor(build, source)), t: tag, labels: names.labels('build') },
        output: this.listening(request.output),
        watch,
      });
    try {
      return await attempt();
    } catch (error) {
      if (this.version === '1' || !lacksBuildKit(error)) throw error;
      this.version = '1';
      request.output.detail('This engine has no BuildKit: its classic builder is used');
      return attempt();
    }
  }

  private listening(output: BuildOutput): BuildOutput {
    const detail = (text: string) => {
      this.distrusted ||= UNTRUSTED.test(text);
      output.detail(text);
    };
    return { detail, step: (text) => output.step(text), warning: (text) => output.warning(text) };
  }

  private async hints(text: string): Promise<string> {
    const own = commonName((await this.parts.client.host()).architecture);
    const asked = [...text.matchAll(PLATFORM)].map(([, platform = '']) => platform);
    const other = asked.find((architecture) => commonName(architecture) !== own);
    const platform =
      other === undefined ? '' : ` A FROM line asks for ${other}, and this Docker engine runs ${own}.`;
    return platform + this.certificateHint();
  }

  private certificateHint(): string {
    return this.distrusted
      ? ' A certificate was not trusted: behind a proxy that reads TLS, the base image has to hold its certificate, since a Dockerfile is not given this machine’s.'
      : '';
  }

  private async optionsFor(build: ImageBuild, source: DockerfileSource): Promise<Docker.ImageBuildOptions> {
    const { request, resources } = this.parts;
    const version = this.versionFor(build);
    return {
      version,
      dockerfile: source.dockerfile,
      ...(build.target === null ? {} : { target: build.target }),
      buildargs: { ...(await proxiesOf(request)), ...request.config, ...build.args },
      // BuildKit takes no notice of limits; and its containers are its own.
      ...(version === '2' ? {} : limitsOf(resources)),
      rm: true,
      forcerm: true,
    };
  }

  /** BuildKit takes the id of an image for a repository's name, and asks a registry for it. */
  private versionFor({ bases }: ImageBuild): '1' | '2' {
    return bases.some(isImageId) ? '1' : this.version;
  }

  private async refuseOtherArchitecture(build: ImageBuild, architecture: string): Promise<void> {
    const own = commonName((await this.parts.client.host()).architecture);
    if (architecture === '' || commonName(architecture) === own) return;
    throw this.failed(
      `${build.dockerfile} makes an image for ${architecture}, and this Docker engine runs ${own}: take the platform out of its FROM lines.`,
    );
  }

  private failed(message: string): StepFailed {
    return new StepFailed({ ok: false, reason: 'command', message });
  }
}

/** The architecture that a FROM line names outright. */
const PLATFORM = /^[ \t]*FROM[ \t]+--platform=(?:\w+\/)?(\w+)/gim;
const UNTRUSTED =
  /self[- ]signed certificate|SELF_SIGNED_CERT|unable to get (local )?issuer|certificate verify failed|unknown authority/i;

/** Docker knows these build arguments without an ARG line, and keeps them out of the image's history. */
const PROXIES = /^(HTTP|HTTPS|NO|FTP|ALL)_PROXY$/i;

async function proxiesOf({ env, output }: BuildRequest): Promise<Record<string, string>> {
  const proxies = Object.entries(env).filter(([name]) => PROXIES.test(name));
  const { warnings } = await handOver(Object.fromEntries(proxies));
  for (const warning of warnings) output.warning(warning);
  return Object.fromEntries(proxies);
}

function limitsOf({ memoryBytes }: BuildResources): Docker.ImageBuildOptions {
  return { memory: memoryBytes, memswap: memoryBytes, cpushares: 512 };
}

/** The planner names the line where a Dockerfile asks for root; this is for those that say nothing. */
function rootWarning({ dockerfile }: ImageBuild, text: string): string[] {
  if (/^[ \t]*USER[ \t]+(root|0+)\b/im.test(text)) return [];
  return [
    `${dockerfile} has no USER line: its dynos run as root, without root's rights but those that servers need to start. A line such as "USER 1000" is safer.`,
  ];
}
