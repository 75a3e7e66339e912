import type { Readable } from 'node:stream';
import type { Buildpack } from '../../buildpacks/names.js';
import type { AddonService, NetworkAddress } from '../addons/addon.js';
import type { PlannedBuild } from '../build/contracts.js';
import type { Certificates } from '../certs/certificates.js';
import type { Drains } from '../drains/drains.js';
import type { Attachment, TerminalSize } from '../engines/engine.js';
import type { GitReply, GitRequest } from '../git/http-backend.js';
import type { PushedCommit } from '../git/pushes.js';
import type { GitCaller } from '../git/server.js';
import type { LogSessions } from '../logs/sessions.js';
import type { AppFeatures } from '../release/app-features.js';
import type { Apps } from '../release/apps.js';
import type { Collaborators } from '../release/collaborators.js';
import type { ReleaseDifference } from '../release/diff.js';
import type { Pipelines } from '../release/pipelines.js';
import type { Promotions } from '../release/promotions.js';
import type { Releases } from '../release/releases.js';
import type { RolloutStatus as RolloutProgress } from '../run/rollout-status.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import type { AppSetupRecord } from '../store/app-setups.js';
import type { AppRecord } from '../store/apps.js';
import type { BuildRecord } from '../store/builds.js';
import type { DomainRecord } from '../store/domains.js';
import type { DynoRecord } from '../store/dynos.js';
import type { FormationRecord } from '../store/formation.js';
import type { KeyRecord } from '../store/keys.js';
import type { OciImageRecord } from '../store/oci-images.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { SlugUploadRecord } from '../store/slug-uploads.js';
import type { SlugRecord } from '../store/slugs.js';
import type { SniEndpointRecord } from '../store/sni-endpoints.js';
import type { SourceRecord } from '../store/sources.js';
import type { Store } from '../store/store.js';
import type { TokenRecord } from '../store/tokens.js';
import type { UserRecord } from '../store/users.js';
import type { Webhooks } from '../webhooks/webhooks.js';

/**
 * All that the routes ask of the rest of tfkd, in the domain's own terms: records come out, and what cannot be done is thrown
 * as a TfkError. Main puts it together of the stages. What a method is handed was parsed, but not judged: limits and
 * meaning are the stages' to check.
 */
export interface Services {
  readonly records: Records;
  readonly account: AccountService;
  readonly keys: KeyService;
  readonly apps: AppService;
  readonly releases: ReleaseService;
  readonly sources: SourceService;
  readonly slugs: SlugService;
  readonly images: ImageService;
  readonly buildpacks: BuildpackService;
  readonly builds: BuildService;
  readonly formation: FormationService;
  readonly dynos: DynoService;
  readonly collaborators: Pick<Collaborators, 'add' | 'remove'>;
  readonly domains: DomainService;
  readonly certificates: Pick<
    Certificates,
    'add' | 'update' | 'remove' | 'assign' | 'setAutomatic' | 'renew' | 'canBeAutomatic'
  >;
  readonly addons: AddonsService;
  readonly logs: Pick<LogSessions, 'create' | 'open'>;
  readonly logDrains: Pick<Drains, 'list' | 'find' | 'add' | 'remove' | 'progress'>;
  readonly engines: EngineService;
  readonly pipelines: PipelineService;
  readonly git: GitService;
  readonly appFeatures: Pick<AppFeatures, 'list' | 'set'>;
  readonly appSetups: AppSetupService;
  readonly tfk: TfkService;
  readonly webhooks: Pick<Webhooks, 'create' | 'update' | 'remove' | 'retry'>;
  readonly authority: AuthorityService;
}

/** What is stored, for reading only; a `Store` is one. */
export interface Records {
  readonly apps: Pick<Store['apps'], 'find'>;
  readonly releases: Pick<Store['releases'], 'byId' | 'byVersion' | 'byOutputSecret' | 'list'>;
  readonly builds: Pick<Store['builds'], 'byId' | 'byOutputSecret' | 'list' | 'firstOfSlug'>;
  readonly slugs: Pick<Store['slugs'], 'byId'>;
  readonly slugUploads: Pick<Store['slugUploads'], 'byId' | 'byPutSecret'>;
  readonly ociImages: Pick<Store['ociImages'], 'find'>;
  readonly slugBlobs: Pick<Store['slugBlobs'], 'slugOf'>;
  readonly sources: Pick<Store['sources'], 'byPutSecret' | 'byGetSecret'>;
  readonly formation: Pick<Store['formation'], 'list'>;
  readonly dynos: Pick<Store['dynos'], 'list' | 'find'>;
  readonly collaborators: Pick<Store['collaborators'], 'find' | 'list'>;
  readonly domains: Pick<Store['domains'], 'list'>;
  readonly appSetups: Pick<Store['appSetups'], 'byId'>;
  readonly pipelines: Pick<Store['pipelines'], 'find' | 'list'>;
  readonly pipelineCouplings: Pick<Store['pipelineCouplings'], 'byId' | 'ofApp' | 'ofPipeline' | 'list'>;
  readonly pipelinePromotions: Pick<Store['pipelinePromotions'], 'byId' | 'targets'>;
  readonly sniEndpoints: Pick<Store['sniEndpoints'], 'list'>;
  readonly addons: Pick<Store['addons'], 'all' | 'find' | 'attachments' | 'attachmentsOf'>;
  readonly webhooks: Pick<Store['webhooks'], 'find' | 'list'>;
  readonly webhookDeliveries: Pick<Store['webhookDeliveries'], 'find' | 'list'>;
  readonly webhookEvents: Pick<Store['webhookEvents'], 'find' | 'list'>;
}

export interface AccountService {
  /** The user to whom this home belongs. */
  account(): UserRecord;
  /** By id or e-mail address. */
  user(idOrEmail: string): UserRecord | undefined;
  /** The user of this address, made if there is none. */
  ensureUser(email: string): UserRecord;
  /** Everybody's. */
  tokens(): readonly TokenRecord[];
  /** Makes a token, whose text is told here once and never again. `expiresAt` in milliseconds since the epoch. */
  createToken(input: {
    readonly userId: string;
    readonly description: string;
    readonly scope: readonly string[];
    readonly expiresAt: number | null;
  }): { record: TokenRecord; token: string };
  describeToken(id: string, description: string): void;
  /** Another text for the same token; the one before is good no longer. */
  regenerateToken(id: string): string;
  revokeToken(id: string): void;
  /** The token's record, unless it is unknown, revoked or expired. */
  authenticate(token: string): TokenRecord | undefined;
}

export interface KeyService {
  list(userId: string): readonly KeyRecord[];
  /** One line of OpenSSH's. */
  add(userId: string, publicKey: string): KeyRecord;
  remove(id: string): void;
}

export interface AppService extends Pick<
  Apps,
  'create' | 'find' | 'list' | 'rename' | 'setMaintenance' | 'setBuildStack'
> {
  /** Begins to take the app down, its add-ons with it; answers its last state. */
  destroy(appId: string, actor: string): AppRecord | Promise<AppRecord>;
  /** Where the app answers, e.g. `http://users-api.localhost:8080/`. */
  url(app: AppRecord): string;
}

export interface ReleaseService extends Pick<Releases, 'current' | 'config' | 'setConfig' | 'rollback'> {
  /** A slug of this app (of another one by promotion, later) becomes its code. */
  releaseSlug(
    appId: string,
    slugId: string,
    description: string | null,
    actor: string,
  ): Promise<ReleaseRecord>;
  /** Every line of the release command so far, then what comes, until the release is no longer pending. */
  output(release: ReleaseRecord, signal: AbortSignal): AsyncIterable<string | Uint8Array>;
  diff(from: ReleaseRecord, to: ReleaseRecord): Promise<ReleaseDifference>;
  /** Is the release current and every dyno of its formation ready? Waits at most `waitMs` for an answer but "pending". */
  rollout(appId: string, version: number, waitMs: number, signal: AbortSignal): Promise<RolloutStatus>;
}

/** With where the app answers; null for an app without a web process. */
export type RolloutStatus = RolloutProgress & { readonly url: string | null };

export interface PipelineService extends Pick<
  Pipelines,
  'create' | 'rename' | 'destroy' | 'couple' | 'setStage' | 'uncouple'
> {
  /** Begins to release what one app runs on others; answers at once. */
  promote: Promotions['create'];
}

export interface AppSetupRequest {
  /** Null: invent one. */
  readonly name: string | null;
  readonly buildStack: AppRecord['buildStack'];
  /** One of our own; null: `url` is elsewhere. */
  readonly source: SourceRecord | null;
  readonly url: string;
  readonly version: string | null;
  readonly checksum: string | null;
  /** Config vars that win over app.json's. */
  readonly env: Readonly<Record<string, string>>;
  /** By name or address, set on the app. None: the files of the source say what builds it. */
  readonly buildpacks: readonly string[];
  readonly actor: string;
}

export interface AppSetupService {
  /** Makes the app, and answers; all else that its source and app.json ask for comes after. */
  create(request: AppSetupRequest): Promise<AppSetupRecord>;
}

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

/** What a process type is to run. */
export interface ImageWish {
  /** Of the app's engine, by name, id or digest. */
  readonly image: string;
  /** Null: the image as it is. */
  readonly command: string | null;
}

export type NewOciImage = Pick<OciImageRecord, 'digest' | 'processTypes' | 'details'>;

export interface ImageService {
  /** The image has to be on the app's engine. Without process types its own command is `web`. */
  register(app: AppRecord, image: NewOciImage): Promise<OciImageRecord>;
  /** It becomes the app's code, with the process types that it was registered with, and no others. */
  releaseImage(
    app: AppRecord,
    image: OciImageRecord,
    description: string | null,
    actor: string,
  ): Promise<ReleaseRecord>;
  /** Process type → image: they run it as it is from now on, beside those that run images already. */
  releaseTypes(
    app: AppRecord,
    types: Readonly<Record<string, string>>,
    actor: string,
  ): Promise<ReleaseRecord>;
}

export interface InstalledBuildpack {
  /** `heroku/nodejs`, or the address of the repository as the user gave it. */
  readonly name: string;
  readonly url: string;
}

export interface BuildpackService {
  /** All that there are; `url` is what Heroku's CLI shows by its name. */
  known(): readonly (Buildpack & { readonly url: string })[];
  /** Those set on the app, in their order. */
  installed(app: AppRecord): readonly InstalledBuildpack[];
  /** Instead of those that are set; by name, URN or address. The next build is planned by them. */
  install(app: AppRecord, references: readonly string[]): readonly InstalledBuildpack[];
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
  /** Forgets the app's build cache. */
  purgeCache(app: AppRecord): Promise<void>;
}

export interface ScaleUpdate {
  readonly type: string;
  readonly quantity: { readonly to: number } | { readonly by: number } | null;
  /** A size's name in any case. */
  readonly size: string | null;
}

export interface FormationService {
  /** All or nothing; answers the entries of the types that were named. */
  scale(app: AppRecord, updates: readonly ScaleUpdate[], actor: string): Promise<readonly FormationRecord[]>;
  /** Names and memory, in Heroku's spelling. */
  sizes(): readonly { readonly name: string; readonly memoryBytes: number }[];
}

export type DynoTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'dyno'; readonly name: string };

export interface OneOffRequest {
  readonly app: AppRecord;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly attached: boolean;
  /** Null: pipes. Only for an attached dyno. */
  readonly terminal: TerminalSize | null;
  readonly size: string | null;
  /** Null: `run`. */
  readonly type: string | null;
  readonly timeLimitMs: number | null;
  readonly actor: string;
}

/** A process to which one client may connect, once. */
export interface Attachable {
  open(): Promise<Attachment>;
  /** Nobody came in time (R13): the process is ended. */
  expire(): void;
}

export interface DynoService {
  restart(app: AppRecord, target: DynoTarget, actor: string): Promise<void>;
  stop(app: AppRecord, target: DynoTarget, actor: string): Promise<void>;
  /** `attachable` is null for a detached dyno. */
  runOneOff(request: OneOffRequest): Promise<{ dyno: DynoRecord; attachable: Attachable | null }>;
  exec(
    app: AppRecord,
    dyno: DynoRecord,
    request: {
      readonly command: string;
      readonly env: Readonly<Record<string, string>>;
      readonly terminal: TerminalSize | null;
      readonly actor: string;
    },
  ): Promise<Attachable>;
}

export interface DomainService {
  /** Without an SNI endpoint the domain gets the one whose certificate names it, if there is one. */
  add(input: {
    readonly app: AppRecord;
    readonly hostname: string;
    readonly sniEndpoint: SniEndpointRecord | null;
    readonly actor: string;
  }): Promise<DomainRecord>;
  remove(app: AppRecord, domain: DomainRecord, actor: string): Promise<void>;
}

export interface AddonsService {
  services(): readonly AddonService[];
  /**
   * Resolves when the add-on answers, or after `waitMs` while it is still being provisioned. `confirm`, the app's name, lets the
   * attachment push out what has its name.
   */
  create(input: {
    readonly app: AppRecord;
    /** `postgres`, `postgres:local` or `heroku-postgresql:essential-0`. */
    readonly plan: string;
    readonly name: string | null;
    readonly attachment: string | null;
    readonly options: Readonly<Record<string, string>>;
    readonly confirm: string | null;
    readonly waitMs: number | null;
    readonly actor: string;
  }): Promise<AddonRecord>;
  rename(addon: AddonRecord, name: string): AddonRecord;
  changePlan(addon: AddonRecord, plan: string): AddonRecord;
  /** With its data, for ever. */
  destroy(addon: AddonRecord, actor: string): Promise<void>;
  attach(input: {
    readonly addon: AddonRecord;
    readonly app: AppRecord;
    readonly name: string | null;
    readonly confirm: string | null;
    readonly actor: string;
  }): Promise<AttachmentRecord>;
  detach(attachment: AttachmentRecord, actor: string): Promise<void>;
  /** Names of the config vars that the attachment gives its app. */
  configKeys(attachment: AttachmentRecord): readonly string[];
  /** Where programs on this machine reach the add-on; null while it is being made. */
  localAddress(addon: AddonRecord): NetworkAddress | null;
  facts(addon: AddonRecord): Promise<readonly (readonly [label: string, text: string])[]>;
}

export interface EngineService {
  /** All of this tfkd, by name. */
  names(): readonly string[];
  /** The engine whose slug the app runs now; null for an app without code. */
  runningOn(app: AppRecord): string | null;
  /** From now on that engine builds the app; answers the build that brings its code there, if there is one to be made. */
  move(app: AppRecord, engine: string, actor: string): Promise<BuildRecord | null>;
}

export interface GitService {
  /** Answers a request of git's smart HTTP protocol; the app's repository is made where there is none yet. */
  serve(caller: GitCaller, request: GitRequest): Promise<GitReply>;
  /** Throws `not_found` where the secret is of no push. */
  assertUnderWay(secret: string): void;
  /** The push of this secret deploys its app from now on. Throws `conflict` while another one does. */
  claim(secret: string, commit: PushedCommit): void;
  /** Takes the files of the claimed commit in; answers what the pusher is to see, at its end the verdict. */
  deploy(secret: string, tarball: Readable, signal: AbortSignal): Promise<AsyncIterable<string | Uint8Array>>;
}

export type { GitRequest };

export interface TfkService {
  info(): TfkInfo;
  examine(): Promise<readonly Finding[]>;
  /** `daemon`: returns, and tfkd ends soon after. */
  stopDaemon(): void;
  /** Stops dynos, add-ons, router; tells what it does, and ends with all stopped. Goes on if nobody listens. */
  stopEverything(): AsyncIterable<string>;
}

export interface AuthorityService {
  /** Its certificate in PEM, the file it is in, and its end in milliseconds since the epoch. */
  current(): { readonly certificate: string; readonly path: string; readonly expiresAt: number };
}

export interface TfkInfo {
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly startedAt: number;
  readonly engine: { readonly name: string; readonly isolation: string; readonly limits: boolean };
  readonly api: { readonly socket: string; readonly port: number | null };
  readonly router: {
    readonly port: number | null;
    /** Null: it speaks no TLS. */
    readonly tlsPort: number | null;
    readonly pid: number | null;
    readonly workers: number;
  };
}

export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly hint?: string | undefined;
}
