import { join } from 'node:path';
import { AccountStore } from './account.js';
import { AddonRotationStore } from './addon-rotations.js';
import { AddonStore } from './addons.js';
import { AppSetupStore } from './app-setups.js';
import { AppStore } from './apps.js';
import { BackupScheduleStore } from './backup-schedules.js';
import { BackupStore } from './backups.js';
import { BuildpackInstallationStore } from './buildpack-installations.js';
import { BuildStore } from './builds.js';
import { Changes, type Observer } from './changes.js';
import { CollaboratorStore } from './collaborators.js';
import { CronJobStore } from './cron-jobs.js';
import { CronRunStore } from './cron-runs.js';
import { openDatabase, type Connection } from './database.js';
import { DomainStore } from './domains.js';
import { DynoStore } from './dynos.js';
import { FormationStore } from './formation.js';
import { ImageSourceStore } from './image-sources.js';
import { KeyStore } from './keys.js';
import { LogDrainStore } from './log-drains.js';
import { OciImageStore } from './oci-images.js';
import { PipelineCouplingStore } from './pipeline-couplings.js';
import { PipelinePromotionStore } from './pipeline-promotions.js';
import { PipelineStore } from './pipelines.js';
import { ReleaseStore } from './releases.js';
import { RestoreStore } from './restores.js';
import { loadKey, SecretBox } from './secret-box.js';
import { SlugBlobStore } from './slug-blobs.js';
import { SlugUploadStore } from './slug-uploads.js';
import { SlugStore } from './slugs.js';
import { SniEndpointStore } from './sni-endpoints.js';
import { SourceStore } from './sources.js';
import { TokenStore } from './tokens.js';
import { UserStore } from './users.js';
import { WebhookDeliveryStore } from './webhook-deliveries.js';
import { WebhookEventStore } from './webhook-events.js';
import { WebhookStore } from './webhooks.js';

/** What must survive a restart, one object a noun. */
export class Store {
  readonly account: AccountStore;
  readonly addonRotations: AddonRotationStore;
  readonly addons: AddonStore;
  readonly appSetups: AppSetupStore;
  readonly apps: AppStore;
  readonly backups: BackupStore;
  readonly backupSchedules: BackupScheduleStore;
  readonly buildpackInstallations: BuildpackInstallationStore;
  readonly builds: BuildStore;
  readonly collaborators: CollaboratorStore;
  readonly cronJobs: CronJobStore;
  readonly cronRuns: CronRunStore;
  readonly domains: DomainStore;
  readonly dynos: DynoStore;
  readonly formation: FormationStore;
  readonly keys: KeyStore;
  readonly imageSources: ImageSourceStore;
  readonly ociImages: OciImageStore;
  readonly pipelineCouplings: PipelineCouplingStore;
  readonly pipelinePromotions: PipelinePromotionStore;
  readonly pipelines: PipelineStore;
  readonly logDrains: LogDrainStore;
  readonly releases: ReleaseStore;
  readonly restores: RestoreStore;
  readonly slugBlobs: SlugBlobStore;
  readonly slugUploads: SlugUploadStore;
  readonly slugs: SlugStore;
  readonly sniEndpoints: SniEndpointStore;
  readonly sources: SourceStore;
  readonly tokens: TokenStore;
  readonly users: UserStore;
  readonly webhookDeliveries: WebhookDeliveryStore;
  readonly webhookEvents: WebhookEventStore;
  readonly webhooks: WebhookStore;

  private readonly changes: Changes;

  private constructor(
    private readonly db: Connection,
    box: SecretBox,
  ) {
    const changes = (this.changes = new Changes(db));
    this.account = new AccountStore(db);
    this.addonRotations = new AddonRotationStore(db, box);
    this.addons = new AddonStore(db, box, changes);
    this.appSetups = new AppSetupStore(db);
    this.apps = new AppStore(db, changes);
    this.backups = new BackupStore(db);
    this.backupSchedules = new BackupScheduleStore(db);
    this.buildpackInstallations = new BuildpackInstallationStore(db);
    this.builds = new BuildStore(db, changes);
    this.collaborators = new CollaboratorStore(db, changes);
    this.cronJobs = new CronJobStore(db);
    this.cronRuns = new CronRunStore(db);
    this.domains = new DomainStore(db, changes);
    this.dynos = new DynoStore(db, changes);
    this.formation = new FormationStore(db, changes);
    this.keys = new KeyStore(db);
    this.imageSources = new ImageSourceStore(db);
    this.ociImages = new OciImageStore(db);
    this.pipelineCouplings = new PipelineCouplingStore(db);
    this.pipelinePromotions = new PipelinePromotionStore(db);
    this.pipelines = new PipelineStore(db);
    this.logDrains = new LogDrainStore(db, box);
    this.releases = new ReleaseStore(db, box, changes);
    this.restores = new RestoreStore(db);
    this.slugBlobs = new SlugBlobStore(db);
    this.slugUploads = new SlugUploadStore(db);
    this.slugs = new SlugStore(db, box);
    this.sniEndpoints = new SniEndpointStore(db, box, changes);
    this.sources = new SourceStore(db);
    this.tokens = new TokenStore(db);
    this.users = new UserStore(db);
    this.webhookDeliveries = new WebhookDeliveryStore(db);
    this.webhookEvents = new WebhookEventStore(db);
    this.webhooks = new WebhookStore(db, box);
  }

  static open(home: string): Store {
    const box = new SecretBox(loadKey(join(home, 'secret.key')));
    const store = new Store(openDatabase(join(home, 'tfk.db')), box);
    store.slugs.sealBrought();
    return store;
  }

  /** All or nothing; synchronous, so that nothing comes between. */
  transaction<T>(work: () => T): T {
    return this.changes.transaction(work);
  }

  /** From now on this one is told of changes to resources. */
  observe<View>(observer: Observer<View>): void {
    this.changes.observe(observer);
  }

  close(): void {
    this.db.close();
  }
}
