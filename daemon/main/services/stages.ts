import type { Addons } from '../../addons/addons.js';
import type { Backups } from '../../addons/backups/backups.js';
import type { BackupSchedules } from '../../addons/backups/schedules.js';
import type { BuildOutputs } from '../../build/output.js';
import type { Builds } from '../../build/pipeline.js';
import type { Sources } from '../../build/receive.js';
import type { SlugUploads } from '../../build/slug-uploads.js';
import type { Certificates } from '../../certs/certificates.js';
import type { Config } from '../../config.js';
import type { Drains } from '../../drains/drains.js';
import type { Engines } from '../../engines/engines.js';
import type { TfkService } from '../../http/services.js';
import type { LogStore } from '../../logs/log-store.js';
import type { LogSessions } from '../../logs/sessions.js';
import type { Apps } from '../../release/apps.js';
import type { Pipelines } from '../../release/pipelines.js';
import type { Promotions } from '../../release/promotions.js';
import type { Releases } from '../../release/releases.js';
import type { CronJobs } from '../../run/cron/cron-jobs.js';
import type { Domains } from '../../run/domains.js';
import type { Dynos } from '../../run/dynos.js';
import type { Formation } from '../../run/formation.js';
import type { OneOffs } from '../../run/one-off.js';
import type { Clock } from '../../shared/clock.js';
import type { AppRecord } from '../../store/apps.js';
import type { Store } from '../../store/store.js';
import type { LocalAuthority } from '../../tls/authority.js';
import type { Webhooks } from '../../webhooks/webhooks.js';
import type { GitStage } from '../git-service.js';
import type { RunStage } from '../run-stage.js';

/** The stages, ready to be used. */
export interface Stages {
  readonly home: string;
  readonly email: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly apps: Apps;
  readonly releases: Releases;
  readonly pipelines: Pipelines;
  readonly promotions: Promotions;
  readonly sources: Sources;
  readonly builds: Builds;
  readonly slugUploads: SlugUploads;
  readonly outputs: BuildOutputs;
  readonly formation: Formation;
  readonly dynos: Dynos;
  readonly oneOffs: OneOffs;
  readonly cronJobs: CronJobs;
  readonly domains: Domains;
  readonly certificates: Certificates;
  readonly addons: Addons;
  readonly backups: Backups;
  readonly backupSchedules: BackupSchedules;
  /** Where the router's workers send an app's requests. */
  readonly routed: RunStage['routed'];
  readonly routesInForce: RunStage['routesInForce'];
  /** Resolves when all that an ended dyno has said is in the log: while the disk or its engine fails, not. */
  readonly logged: (instance: string) => Promise<void>;
  readonly logs: LogStore;
  readonly sessions: LogSessions;
  readonly drains: Drains;
  readonly engines: Engines;
  /** Images that apps are built on, by language. */
  readonly baseImages: Config['baseImages'];
  readonly git: GitStage;
  readonly tfk: TfkService;
  readonly webhooks: Webhooks;
  readonly authority: LocalAuthority;
  /** Where apps answer. */
  readonly routerPort: () => number;
}

export const appUrl = (stages: Pick<Stages, 'routerPort'>, app: Pick<AppRecord, 'name'>): string =>
  `http://${app.name}.localhost:${stages.routerPort()}/`;
