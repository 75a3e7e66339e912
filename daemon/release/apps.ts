import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import { inventName } from '../shared/names.js';
import type { AppRecord } from '../store/apps.js';
import type { Store } from '../store/store.js';

const RESERVED: ReadonlySet<string> = new Set(['api', 'www', 'localhost', 'router', 'tfk']);
const NAME = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/;

/** Makes, renames and takes down apps. An app begins with release v1, which has no code. */
export class Apps {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    /** Wakes the reconciler: routes, dynos. */
    private readonly notify: (appId: string) => void,
    /** The engine of new apps. */
    private readonly engine: string,
  ) {}

  /** `actor`, the e-mail address of who makes it, owns it. */
  create(input: { name: string | null; actor: string }): AppRecord {
    const name = input.name ?? inventName();
    assertAppName(name);
    const now = this.clock.now();
    const id = newId();
    const ownerId = this.store.users.find(input.actor)?.id ?? null;
    this.store.transaction(() => {
      this.assertFree(name);
      this.store.apps.insert({ id, name, engine: this.engine, ownerId, createdAt: now });
      const releaseId = newId();
      this.store.releases.insert({
        id: releaseId,
        appId: id,
        description: 'Initial release',
        userEmail: input.actor,
        slugId: null,
        config: {},
        bindings: [],
        processTypes: {},
        createdAt: now,
        status: 'succeeded',
        outputSecret: null,
      });
      this.store.apps.setCurrentRelease(id, releaseId, now);
    });
    this.notify(id);
    return this.get(id);
  }

  rename(appId: string, name: string): AppRecord {
    assertAppName(name);
    if (this.get(appId).name !== name) {
      this.store.transaction(() => {
        this.assertFree(name);
        this.store.apps.rename(appId, name, this.clock.now());
      });
      this.notify(appId);
    }
    return this.get(appId);
  }

  /** What the next build makes: images of Dockerfiles (`container`), or what planners plan. */
  setBuildStack(appId: string, stack: NonNullable<AppRecord['buildStack']>): AppRecord {
    this.store.apps.setBuildStack(appId, stack, this.clock.now());
    return this.get(appId);
  }

  setMaintenance(appId: string, maintenance: boolean): AppRecord {
    this.store.apps.setMaintenance(appId, maintenance, this.clock.now());
    this.notify(appId);
    return this.get(appId);
  }

  /** Holds from the next step of the reconciler on, also within a rollout. */
  setPreboot(appId: string, preboot: boolean): AppRecord {
    this.store.apps.setPreboot(appId, preboot, this.clock.now());
    this.notify(appId);
    return this.get(appId);
  }

  /** From now on the app serves nobody; its dynos stop, then its rows and files go, also over a restart of tfkd. */
  destroy(appId: string): AppRecord {
    this.store.apps.markDestroyed(appId, this.clock.now());
    this.notify(appId);
    const app = this.store.apps.find(appId);
    if (!app) throw notFound('app', 'There is no such app.');
    return app;
  }

  /** By id or name; an app that is being destroyed is not found. */
  find(idOrName: string): AppRecord | undefined {
    const app = this.store.apps.find(idOrName);
    return app?.destroyedAt === null ? app : undefined;
  }

  list(): AppRecord[] {
    return this.store.apps.list().filter((app) => app.destroyedAt === null);
  }

  private get(id: string): AppRecord {
    const app = this.find(id);
    if (!app) throw notFound('app', 'There is no such app.');
    return app;
  }

  private assertFree(name: string): void {
    const taken = this.store.apps.find(name);
    if (!taken) return;
    const state = taken.destroyedAt === null ? 'is taken' : 'is still being taken down';
    throw new TfkError('invalid_params', `The app name ${name} ${state}.`, { hint: 'Choose another name.' });
  }
}

function assertAppName(name: string): void {
  if (RESERVED.has(name))
    throw new TfkError('invalid_params', `The app name ${name} is reserved.`, {
      hint: 'Choose another name.',
    });
  if (NAME.test(name) && !name.includes('--')) return;
  throw new TfkError('invalid_params', `${JSON.stringify(name.slice(0, 80))} cannot be an app name.`, {
    hint: 'A name has 3 to 30 lower-case letters, digits and single dashes, begins with a letter and does not end in a dash.',
  });
}
