import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.js';
import { accountRoutes } from './account.js';
import { acmRoutes } from './acm.js';
import { addonServiceRoutes } from './addon-services.js';
import { addonRoutes } from './addons.js';
import { appFeatureRoutes } from './app-features.js';
import { appSetupRoutes } from './app-setups.js';
import { appRoutes } from './apps.js';
import { attachmentRoutes } from './attachments.js';
import { authorityRoutes } from './authority.js';
import { authorizationRoutes } from './authorizations.js';
import { backupScheduleRoutes } from './backup-schedules.js';
import { backupRoutes } from './backups.js';
import { buildpackInstallationRoutes } from './buildpack-installations.js';
import { buildpackRoutes } from './buildpacks.js';
import { buildRoutes } from './builds.js';
import { collaboratorRoutes } from './collaborators.js';
import { configVarRoutes } from './config-vars.js';
import { cronRoutes } from './cron.js';
import { databaseRoutes } from './databases.js';
import { domainRoutes } from './domains.js';
import { dynoSizeRoutes } from './dyno-sizes.js';
import { dynoRoutes } from './dynos.js';
import { engineRoutes } from './engines.js';
import { execRoutes } from './exec.js';
import { filterRoutes } from './filters.js';
import { formationRoutes } from './formation.js';
import { gitRoutes } from './git.js';
import { keyRoutes } from './keys.js';
import { logDrainRoutes } from './log-drains.js';
import { logSessionRoutes } from './log-sessions.js';
import { loginRoutes } from './logins.js';
import { ociImageRoutes } from './oci-images.js';
import { pipelineCouplingRoutes } from './pipeline-couplings.js';
import { pipelinePromotionRoutes } from './pipeline-promotions.js';
import { pipelineRoutes } from './pipelines.js';
import { platformRoutes } from './platform.js';
import { releaseRoutes } from './releases.js';
import { restoreRoutes } from './restores.js';
import { slugRoutes } from './slugs.js';
import { sniEndpointRoutes } from './sni-endpoints.js';
import { sourceRoutes } from './sources.js';
import { stackRoutes } from './stacks.js';
import { tfkRoutes } from './tfk.js';
import { transferScheduleRoutes } from './transfer-schedules.js';
import { transferRoutes } from './transfers.js';
import { webhookDeliveryRoutes } from './webhook-deliveries.js';
import { webhookEventRoutes } from './webhook-events.js';
import { webhookRoutes } from './webhooks.js';

const ROUTES = [
  accountRoutes,
  addonServiceRoutes,
  acmRoutes,
  addonRoutes,
  appFeatureRoutes,
  appRoutes,
  appSetupRoutes,
  attachmentRoutes,
  authorityRoutes,
  authorizationRoutes,
  backupRoutes,
  backupScheduleRoutes,
  buildpackInstallationRoutes,
  buildpackRoutes,
  buildRoutes,
  collaboratorRoutes,
  configVarRoutes,
  cronRoutes,
  databaseRoutes,
  domainRoutes,
  dynoSizeRoutes,
  dynoRoutes,
  engineRoutes,
  execRoutes,
  filterRoutes,
  formationRoutes,
  gitRoutes,
  keyRoutes,
  logDrainRoutes,
  logSessionRoutes,
  loginRoutes,
  ociImageRoutes,
  pipelineCouplingRoutes,
  pipelinePromotionRoutes,
  pipelineRoutes,
  platformRoutes,
  releaseRoutes,
  restoreRoutes,
  slugRoutes,
  sniEndpointRoutes,
  sourceRoutes,
  stackRoutes,
  tfkRoutes,
  transferRoutes,
  transferScheduleRoutes,
  webhookDeliveryRoutes,
  webhookEventRoutes,
  webhookRoutes,
];

export function registerRoutes(app: FastifyInstance, context: Context): void {
  for (const register of ROUTES) register(app, context);
}
