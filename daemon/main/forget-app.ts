import type { Addons } from '../addons/addons.js';
import type { Backups } from '../addons/backups/backups.js';
import type { BuildOutputs } from '../build/output.js';
import type { Builds } from '../build/pipeline.js';
import type { Engines } from '../engines/engines.js';
import type { LogStore } from '../logs/log-store.js';
import type { Store } from '../store/store.js';
import type { GitStage } from './git-service.js';
import type { WebhookStage } from './webhooks.js';

export interface Possessions {
  readonly store: Store;
  readonly logs: LogStore;
  readonly engines: Engines;
  readonly addons: Addons;
  readonly backups: Backups;
  readonly builds: Builds;
  readonly outputs: BuildOutputs;
  readonly git: GitStage;
  readonly hooks: WebhookStage;
  /** In whose name its add-ons go. */
  readonly actor: () => string;
}

/** Removes all that a destroyed app has, once its dynos are gone: what makes more of it, what its rows tell of, then them. */
export async function forgetApp(appId: string, parts: Possessions): Promise<void> {
  const { store, addons, builds, outputs } = parts;
  await builds.abandon(appId);
  for (const addon of store.addons.all().filter((candidate) => candidate.appId === appId))
    await addons.destroy(addon, parts.actor());
  await parts.backups.forgetApp(appId);
  for (const build of store.builds.list(appId)) await outputs.remove(build.id);
  await parts.engines.forgetApp(appId);
  await parts.hooks.farewell(appId);
  await parts.git.forgetApp(appId);
  store.transaction(() => store.apps.delete(appId));
  parts.logs.drop(appId);
}
