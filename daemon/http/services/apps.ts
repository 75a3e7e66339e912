import type { Apps } from '../../release/apps.js';
import type { Pipelines } from '../../release/pipelines.js';
import type { Promotions } from '../../release/promotions.js';
import type { AppSetupRecord } from '../../store/app-setups.js';
import type { AppRecord } from '../../store/apps.js';
import type { BuildRecord } from '../../store/builds.js';
import type { DomainRecord } from '../../store/domains.js';
import type { SniEndpointRecord } from '../../store/sni-endpoints.js';
import type { SourceRecord } from '../../store/sources.js';

export interface AppService extends Pick<Apps, 'create' | 'find' | 'list' | 'setBuildStack'> {
  /** Resolves when its new host name is routed, and the old one is not. */
  rename(appId: string, name: string): Promise<AppRecord>;
  /** Resolves when requests are answered so. */
  setMaintenance(appId: string, maintenance: boolean): Promise<AppRecord>;
  /** Begins to take the app down, its add-ons with it; answers its last state. */
  destroy(appId: string, actor: string): AppRecord | Promise<AppRecord>;
  /** Where the app answers, e.g. `http://users-api.localhost:8080/`. */
  url(app: AppRecord): string;
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

export interface EngineService {
  /** All of this tfkd, by name. */
  names(): readonly string[];
  /** The engine whose slug the app runs now; null for an app without code. */
  runningOn(app: AppRecord): string | null;
  /** From now on that engine builds the app; answers the build that brings its code there, if there is one to be made. */
  move(app: AppRecord, engine: string, actor: string): Promise<BuildRecord | null>;
}
