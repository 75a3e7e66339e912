/**
 * The wire contract. For types (`import type`) and for schemas. It loads typebox, so who must start fast takes run-time helpers
 * from their own files, which load nothing: attach.ts, errors.ts, paging.ts, scopes.ts.
 */
export * from './account.js';
export * from './addons.js';
export * from './app-features.js';
export * from './app-setups.js';
export * from './apps.js';
export * from './attach.js';
export * from './attachments.js';
export * from './authority.js';
export * from './authorizations.js';
export * from './backups.js';
export * from './buildpacks.js';
export * from './builds.js';
export * from './collaborators.js';
export * from './config-vars.js';
export * from './cron.js';
export * from './databases.js';
export * from './domains.js';
export * from './dynos.js';
export * from './engines.js';
export * from './errors.js';
export * from './fields.js';
export * from './filters.js';
export * from './formation.js';
export * from './git.js';
export * from './keys.js';
export * from './log-drains.js';
export * from './log-sessions.js';
export * from './logins.js';
export * from './oci-images.js';
export * from './paging.js';
export * from './pipeline-couplings.js';
export * from './pipeline-promotions.js';
export * from './pipelines.js';
export * from './platform.js';
export * from './releases.js';
export * from './scopes.js';
export * from './slugs.js';
export * from './sni-endpoints.js';
export * from './sources.js';
export * from './tfk.js';
export * from './transfers.js';
export * from './webhook-deliveries.js';
export * from './webhook-events.js';
export * from './webhooks.js';
