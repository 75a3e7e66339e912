import type { EngineName } from '../engines/engine.js';
import type { AddonRecord } from '../store/addons.js';
import type { Store } from '../store/store.js';
import type { AddonInstance } from './addon.js';

/** The add-on as its service sees it. `soon` are apps that it is about to be attached to, or that move to containers. */
export function instanceOf(store: Store, addon: AddonRecord, soon: readonly string[] = []): AddonInstance {
  return {
    id: addon.id,
    name: addon.name,
    hostName: addon.hostName,
    plan: addon.plan,
    data: addon.data ?? {},
    engine: engineOf(store, addon.appId),
    apps: [
      ...new Set([...appsInContainers(store, addon.id), ...soon.filter((appId) => isThere(store, appId))]),
    ],
  };
}

/**
 * Those it is attached to, and those it is detached from whose dynos still have it: a release command may take its time, or
 * fail.
 */
function appsInContainers(store: Store, addonId: string): string[] {
  const attached = store.addons
    .attachments()
    .filter((attachment) => attachment.addonId === addonId)
    .map(({ appId }) => appId)
    .filter((appId) => isThere(store, appId));
  return [
    ...attached.filter((appId) => enginesOf(store, appId).includes('docker')),
    ...store.addons.appsBoundOn('docker', addonId),
  ];
}

/** One that is being taken down needs what its last dynos need, and no network once they are gone. */
const isThere = (store: Store, appId: string): boolean => store.apps.find(appId)?.destroyedAt === null;

/** The engine that builds the app. */
export function engineOf(store: Store, appId: string): EngineName {
  return (store.apps.find(appId)?.engine ?? 'process') as EngineName;
}

/** That one, and the one on which its dynos run until the next deploy. */
export function enginesOf(store: Store, appId: string): EngineName[] {
  const slugId = store.releases.current(appId)?.slugId;
  const slug = slugId == null ? undefined : store.slugs.byId(slugId);
  const engine = engineOf(store, appId);
  return [...new Set([engine, (slug?.artifact.engine ?? engine) as EngineName])];
}
