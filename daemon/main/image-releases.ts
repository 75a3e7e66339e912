import { isProcessType } from '../../buildpacks/procfile.js';
import type { Engine, LocalImage } from '../engines/engine.js';
import { isImageReference } from '../engines/image-reference.js';
import type { BuildService, ImageWish, SourceService } from '../http/services.js';
import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import { SerialQueue } from '../shared/serial-queue.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { TypeOfImage } from '../store/image-sources.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SourceRecord } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { filesOfImages, packedFiles, type TypesOfImages } from './image-source.js';

const POLL_MS = 50;

export interface ImageReleaseParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly engineOf: (name: string) => Pick<Engine, 'capabilities' | 'imageOf'>;
  readonly sources: Pick<SourceService, 'create' | 'receive'>;
  readonly builds: Pick<BuildService, 'create'>;
}

export interface ImageRelease {
  readonly types: Readonly<Record<string, ImageWish>>;
  /** Other types run on as they do, as far as they are of images; else they go. */
  readonly keepOthers: boolean;
  /** What its build is called: a commit, or an image. */
  readonly version: string;
  /** Of the release; null: `Deploy <version>`. */
  readonly description: string | null;
  readonly actor: string;
}

/**
 * Images that are on the app's engine already become its release: a source is made of them, and built as any other. What
 * comes of it is a slug with its own names for the images, which stay whatever becomes of theirs.
 */
export class ImageReleases {
  private readonly queue = new SerialQueue();

  constructor(private readonly parts: ImageReleaseParts) {}

  /** The image of the app's engine; the first of these names that is one. Throws where there is none, or can be none. */
  async find(app: AppRecord, refs: readonly string[]): Promise<LocalImage> {
    const engine = this.parts.engineOf(app.engine);
    if (!engine.capabilities.images) throw needsDocker(app);
    const wrong = refs.find((ref) => !isImageReference(ref));
    if (wrong !== undefined) throw noReference(wrong);
    for (const ref of refs) {
      const image = await engine.imageOf(ref, app.id);
      if (image?.hasTriggers === true) throw runsTriggers(ref);
      if (image) return image;
    }
    throw noSuchImage(refs.at(-1) ?? '');
  }

  /** Resolves when the release is made, its release command still to be run. One after the other: each goes on from the last. */
  release(app: AppRecord, wanted: ImageRelease): Promise<ReleaseRecord> {
    return this.queue.run(app.id, () => this.releaseNow(app, wanted));
  }

  private async releaseNow(
    app: AppRecord,
    { types, keepOthers, ...rest }: ImageRelease,
  ): Promise<ReleaseRecord> {
    if (app.buildStack === 'heroku-24') throw otherStack(app);
    const settled = keepOthers ? this.settled(app) : null;
    const asked: Record<string, TypeOfImage> = {};
    for (const [type, wish] of Object.entries(types)) asked[type] = await this.typeOf(app, type, wish);
    const kept = keepOthers ? this.runningTypes(app, asked) : {};
    const wanted = { ...kept, ...asked };
    const source = await this.sourceOf(wanted);
    if (keepOthers && this.settled(app) !== settled) throw changedMeanwhile(app);
    const build = await this.build(app, source, { types: wanted, ...rest });
    const ended = await this.ended(build.id);
    if (ended.status === 'failed') throw notBuilt(app, ended);
    const { releases } = this.parts.store;
    const release = ended.releaseId === null ? releases.current(app.id) : releases.byId(ended.releaseId);
    if (release) return release;
    throw new TfkError('gone', `${app.name} was destroyed meanwhile.`);
  }

  /** The slug that it goes on from. Throws where that is not yet known: it would undo what is under way. */
  private settled({ id, name }: AppRecord): string | null {
    const { releases, builds } = this.parts.store;
    const build = builds.pending().find(({ appId }) => appId === id);
    if (build) throw stillBuilding(name, build);
    const pending = releases.list(id).find(({ status }) => status === 'pending');
    if (pending === undefined) return releases.current(id)?.slugId ?? null;
    throw new TfkError(
      'conflict',
      `v${pending.version} of ${name} is still running its release command. Nothing was changed.`,
      { hint: `Watch it with: tfk releases:output v${pending.version} -a ${name}` },
    );
  }

  private async typeOf(app: AppRecord, type: string, wish: ImageWish): Promise<TypeOfImage> {
    if (!isProcessType(type)) throw noType(type);
    const { id, command } = await this.find(app, [wish.image]);
    const line = wish.command ?? command;
    if (line !== null && line.trim() !== '') return { image: id, command: line };
    throw new TfkError(
      'invalid_params',
      `The image of ${type} says itself nothing that it runs: it has no ENTRYPOINT and no CMD. Nothing was changed.`,
      {
        hint: `Build it with one, or push a folder with a Procfile and a Dockerfile: tfk push -a ${app.name}`,
      },
    );
  }

  /** Of the current release. Throws where it is of a source, and runs types that are not asked for: they would be gone. */
  private runningTypes(app: AppRecord, asked: TypesOfImages): TypesOfImages {
    const { releases, builds, imageSources } = this.parts.store;
    const { slugId = null, processTypes = {} } = releases.current(app.id) ?? {};
    const [sourceId] = slugId === null ? [] : builds.newestSources([slugId]);
    const running = sourceId === undefined ? undefined : imageSources.types(sourceId);
    const lost = Object.keys(processTypes).filter((type) => !Object.hasOwn(asked, type));
    if (running === undefined && lost.length > 0) throw wouldBeLost(app, lost);
    return running ?? {};
  }

  private async sourceOf(types: TypesOfImages): Promise<SourceRecord> {
    const { store, sources } = this.parts;
    const source = sources.create();
    await sources.receive(source, packedFiles(filesOfImages(types)), null);
    return store.sources.byId(source.id) ?? source;
  }

  private build(
    app: AppRecord,
    source: SourceRecord,
    {
      types,
      version,
      description,
      actor,
    }: Pick<ImageRelease, 'version' | 'description' | 'actor'> & {
      readonly types: TypesOfImages;
    },
  ): Promise<BuildRecord> {
    const { store, builds } = this.parts;
    store.imageSources.deleteUnused();
    // Nobody else's turn comes before its build is there, which keeps it.
    store.imageSources.insert(source.id, types);
    return builds.create({
      app,
      source,
      url: `/tfk/sources/${source.getSecret}`,
      version,
      releaseDescription: description,
      checksum: null,
      // Whatever is set on the app: images are built of nothing.
      buildpacks: [],
      actor,
    });
  }

  private async ended(buildId: string): Promise<BuildRecord> {
    const { store, clock } = this.parts;
    for (;;) {
      const build = store.builds.byId(buildId);
      if (!build) throw new TfkError('gone', 'The app was destroyed meanwhile.');
      if (build.status !== 'pending') return build;
      await clock.sleep(POLL_MS);
    }
  }
}

const needsDocker = ({ name, engine }: Pick<AppRecord, 'name' | 'engine'>): TfkError =>
  new TfkError(
    'invalid_params',
    `${name} is built by the ${engine} engine, which runs no images. Nothing was changed.`,
    {
      hint: `Move it to Docker: tfk apps:engine docker -a ${name}`,
    },
  );

const otherStack = ({ name }: AppRecord): TfkError =>
  new TfkError(
    'invalid_params',
    `The stack of ${name} is heroku-24, which is of no images. Nothing was changed.`,
    {
      hint: `Type: tfk stack:set container -a ${name}`,
    },
  );

const wouldBeLost = ({ name }: AppRecord, lost: readonly string[]): TfkError =>
  new TfkError(
    'invalid_params',
    `${lost.join(' and ')} of ${name} ran what was pushed, and a release is of images or of a source. Nothing was changed.`,
    { hint: 'Name an image for each process type in the same request.' },
  );

const stillBuilding = (name: string, { id }: BuildRecord): TfkError =>
  new TfkError(
    'conflict',
    `The build ${id.slice(0, 8)} of ${name} is still under way, and becomes its next release. Nothing was changed.`,
    { hint: `Watch it, and try again: tfk builds:output ${id.slice(0, 8)} -a ${name}` },
  );

const changedMeanwhile = ({ name }: AppRecord): TfkError =>
  new TfkError('conflict', `${name} was given another release meanwhile. Nothing was changed by this one.`, {
    hint: 'Try again.',
  });

const noReference = (ref: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(ref.slice(0, 300))} is no name of an image. Nothing was changed.`,
    {
      hint: 'One is like node:22-slim, HOST/REPOSITORY@sha256:…, or an id in full, sha256:… with 64 hex digits.',
    },
  );

const runsTriggers = (ref: string): TfkError =>
  new TfkError(
    'invalid_params',
    `The image ${JSON.stringify(ref)} has ONBUILD instructions: it is made to be built from, not to be run. Nothing was changed.`,
    { hint: 'Build an image FROM it, and release that one.' },
  );

const noSuchImage = (ref: string): TfkError =>
  new TfkError(
    'invalid_params',
    `There is no image ${JSON.stringify(ref.slice(0, 300))} on the Docker engine of this machine. Nothing was changed.`,
    { hint: `Build it there, or fetch it: docker pull ${/^sha256:/.test(ref) ? `REPOSITORY@${ref}` : ref}` },
  );

const noType = (type: string): TfkError =>
  new TfkError(
    'invalid_params',
    `${JSON.stringify(type.slice(0, 80))} is no process type. Nothing was changed.`,
    {
      hint: 'A type is up to 63 letters, digits, - and _.',
    },
  );

const notBuilt = ({ name }: AppRecord, { id, message }: BuildRecord): TfkError =>
  new TfkError('invalid_params', `The images could not be released: ${message ?? 'the build failed'}`, {
    hint: `What happened: tfk builds:output ${id.slice(0, 8)} -a ${name}`,
  });
