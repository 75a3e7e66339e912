import { join } from 'node:path';
import { AccountStore } from './account.js';
import { AddonStore } from './addons.js';
import { AppStore } from './apps.js';
import { BuildStore } from './builds.js';
import { openDatabase, type Connection } from './database.js';
import { DomainStore } from './domains.js';
import { DynoStore } from './dynos.js';
import { FormationStore } from './formation.js';
import { PipelineCouplingStore } from './pipeline-couplings.js';
import { PipelinePromotionStore } from './pipeline-promotions.js';
import { PipelineStore } from './pipelines.js';
import { ReleaseStore } from './releases.js';
import { loadKey, SecretBox } from './secret-box.js';
import { SlugStore } from './slugs.js';
import { SourceStore } from './sources.js';

/** What must survive a restart, one object a noun. */
export class Store {
  readonly account: AccountStore;
  readonly addons: AddonStore;
  readonly apps: AppStore;
  readonly builds: BuildStore;
  readonly domains: DomainStore;
  readonly dynos: DynoStore;
  readonly formation: FormationStore;
  readonly pipelineCouplings: PipelineCouplingStore;
  readonly pipelinePromotions: PipelinePromotionStore;
  readonly pipelines: PipelineStore;
  readonly releases: ReleaseStore;
  readonly slugs: SlugStore;
  readonly sources: SourceStore;

  private constructor(
    private readonly db: Connection,
    box: SecretBox,
  ) {
    this.account = new AccountStore(db);
    this.addons = new AddonStore(db, box);
    this.apps = new AppStore(db);
    this.builds = new BuildStore(db);
    this.domains = new DomainStore(db);
    this.dynos = new DynoStore(db);
    this.formation = new FormationStore(db);
    this.pipelineCouplings = new PipelineCouplingStore(db);
    this.pipelinePromotions = new PipelinePromotionStore(db);
    this.pipelines = new PipelineStore(db);
    this.releases = new ReleaseStore(db, box);
    this.slugs = new SlugStore(db);
    this.sources = new SourceStore(db);
  }

  static open(home: string): Store {
    const box = new SecretBox(loadKey(join(home, 'secret.key')));
    return new Store(openDatabase(join(home, 'tfk.db')), box);
  }

  /** All or nothing; synchronous, so that nothing comes between. */
  transaction<T>(work: () => T): T {
    return this.db.transaction(work).immediate();
  }

  close(): void {
    this.db.close();
  }
}
