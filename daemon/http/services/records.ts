import type { Store } from '../../store/store.js';

/** What is stored, for reading only; a `Store` is one. */
export interface Records {
  readonly apps: Pick<Store['apps'], 'find'>;
  readonly releases: Pick<Store['releases'], 'byId' | 'byVersion' | 'byOutputSecret' | 'list'>;
  readonly builds: Pick<Store['builds'], 'byId' | 'byOutputSecret' | 'list' | 'firstOfSlug'>;
  readonly slugs: Pick<Store['slugs'], 'byId'>;
  readonly slugUploads: Pick<Store['slugUploads'], 'byId' | 'byPutSecret'>;
  readonly ociImages: Pick<Store['ociImages'], 'list'>;
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
  readonly backups: Pick<Store['backups'], 'list'>;
  readonly backupSchedules: Pick<Store['backupSchedules'], 'of'>;
  readonly restores: Pick<Store['restores'], 'list'>;
  readonly webhooks: Pick<Store['webhooks'], 'find' | 'list'>;
  readonly webhookDeliveries: Pick<Store['webhookDeliveries'], 'find' | 'list'>;
  readonly webhookEvents: Pick<Store['webhookEvents'], 'find' | 'list'>;
}
