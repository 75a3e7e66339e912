import type { Certificates } from '../certs/certificates.js';
import type { Drains } from '../drains/drains.js';
import type { LogSessions } from '../logs/sessions.js';
import type { AppFeatures } from '../release/app-features.js';
import type { Collaborators } from '../release/collaborators.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import type { AccountService, KeyService } from './services/account.js';
import type { AddonsService } from './services/addons.js';
import type {
  AppService,
  AppSetupService,
  DomainService,
  EngineService,
  PipelineService,
} from './services/apps.js';
import type { BackupScheduleService, BackupService } from './services/backups.js';
import type { BuildService, BuildpackService, SlugService, SourceService } from './services/builds.js';
import type { CronService } from './services/cron.js';
import type { DynoService, FormationService } from './services/dynos.js';
import type { GitService } from './services/git.js';
import type { ImageService } from './services/images.js';
import type { Records } from './services/records.js';
import type { ReleaseService } from './services/releases.js';
import type { AuthorityService, TfkService } from './services/tfk.js';

export type * from './services/account.js';
export type * from './services/addons.js';
export type * from './services/apps.js';
export type * from './services/backups.js';
export type * from './services/builds.js';
export type * from './services/cron.js';
export type * from './services/dynos.js';
export type * from './services/git.js';
export type * from './services/images.js';
export type * from './services/records.js';
export type * from './services/releases.js';
export type * from './services/tfk.js';

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
  readonly cronJobs: CronService;
  readonly dynos: DynoService;
  readonly collaborators: Pick<Collaborators, 'add' | 'remove'>;
  readonly domains: DomainService;
  readonly certificates: Pick<
    Certificates,
    'add' | 'update' | 'remove' | 'assign' | 'setAutomatic' | 'renew' | 'canBeAutomatic'
  >;
  readonly addons: AddonsService;
  readonly backups: BackupService;
  readonly backupSchedules: BackupScheduleService;
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
