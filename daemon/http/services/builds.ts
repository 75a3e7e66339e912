import type { Readable } from 'node:stream';
import type { Buildpack } from '../../../buildpacks/names.js';
import type { PlannedBuild } from '../../build/contracts.js';
import type { AppRecord } from '../../store/apps.js';
import type { BuildRecord } from '../../store/builds.js';
import type { SlugUploadRecord } from '../../store/slug-uploads.js';
import type { SlugRecord } from '../../store/slugs.js';
import type { SourceRecord } from '../../store/sources.js';

export interface SourceService {
  create(): SourceRecord;
  /** Takes the tarball in; `length` in bytes where the client told it. A second upload is refused. */
  receive(source: SourceRecord, body: Readable, length: number | null): Promise<void>;
  /** The tarball as it was received. */
  open(source: SourceRecord): Readable;
}

export interface SlugService {
  /** Announces a slug that is to be uploaded. */
  announce(
    slug: Pick<
      SlugUploadRecord,
      'appId' | 'processTypes' | 'buildpackDescription' | 'checksum' | 'commit' | 'commitDescription'
    >,
  ): SlugUploadRecord;
  /** Takes its tarball in, and makes the slug of it. `length` in bytes where the client told it. */
  receive(upload: SlugUploadRecord, body: Readable, length: number | null): Promise<void>;
  /** Unguessable, for fetching the slug's tarball without a token. */
  blobSecret(slug: Pick<SlugRecord, 'id' | 'appId'>): string;
  /** Its tarball: as it was uploaded, else packed by its engine. */
  open(slug: SlugRecord): Promise<Readable>;
}

export interface InstalledBuildpack {
  /** `heroku/nodejs`, or the address or folder as the user gave it. */
  readonly name: string;
  readonly url: string;
}

export interface BuildpackService {
  /** All that there are; `url` is what Heroku's CLI shows by its name. */
  known(): readonly (Buildpack & { readonly url: string })[];
  /** Those set on the app, in their order. */
  installed(app: AppRecord): readonly InstalledBuildpack[];
  /**
   * Instead of those that are set; by name, URN or address. The next build is planned by them. `local`: may they be files of
   * this machine?
   */
  install(
    app: AppRecord,
    references: readonly string[],
    rights: { readonly local: boolean },
  ): readonly InstalledBuildpack[];
  /** Those of a build. */
  named(names: readonly string[]): readonly InstalledBuildpack[];
}

export interface BuildService {
  /** Queues a build and answers at once. */
  create(input: {
    readonly app: AppRecord;
    /** One of our own sources; null: `url` is elsewhere. */
    readonly source: SourceRecord | null;
    readonly url: string;
    readonly version: string | null;
    /** What the version is about: a commit's message. */
    readonly description?: string | null;
    /** What its release is called; without it `Deploy <version>`. */
    readonly releaseDescription?: string | null;
    readonly checksum: string | null;
    /** By name or address; without any, those that are set on the app. */
    readonly buildpacks?: readonly string[] | null;
    /** May those be files of this machine? */
    readonly local?: boolean;
    readonly actor: string;
  }): Promise<BuildRecord>;
  /** Ends a pending build, and resolves when it has ended. */
  cancel(build: BuildRecord): Promise<BuildRecord>;
  /** Builds of the app before this one; 0 while it runs, null once it has ended. */
  queuePosition(build: BuildRecord): number | null;
  /** All output so far, then what comes, until the build has ended (its row says so by then) or the signal aborts. */
  output(build: BuildRecord, signal: AbortSignal): AsyncIterable<string | Uint8Array>;
  /** What a build of this source would do. */
  plan(source: SourceRecord, app: AppRecord | null): Promise<PlannedBuild>;
  /** A Dockerfile that builds the same; null where the source has one. Throws where no image is known for a version. */
  dockerfileOf(planned: PlannedBuild): string | null;
  /** Forgets the app's build cache. */
  purgeCache(app: AppRecord): Promise<void>;
}
