import { TfkError } from '../shared/errors.js';
import type { AppRecord } from '../store/apps.js';
import type { Apps } from './apps.js';

/** Something of an app that Heroku lets its users turn on and off, as it is here. */
export interface AppFeature {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** Heroku's clients list `general` ones by `features`, all others by `labs`. */
  readonly state: 'general' | 'public';
  readonly docUrl: string;
  readonly enabled: boolean;
  /** When it was turned on or off; or the app made. */
  readonly updatedAt: number;
}

interface Kind extends Omit<AppFeature, 'enabled' | 'updatedAt'> {
  readonly enabled: boolean | ((app: AppRecord) => boolean);
  /** Why it stays as it is, and what to type; null: it can be turned on and off. */
  readonly fixed: { readonly why: string; readonly hint: (app: AppRecord) => string } | null;
}

const KINDS: readonly Kind[] = [
  {
    name: 'preboot',
    displayName: 'Preboot',
    description: 'start new web dynos and wait until they are ready before the old ones are stopped',
    state: 'general',
    docUrl: 'https://devcenter.heroku.com/articles/preboot',
    enabled: (app) => app.preboot,
    fixed: null,
  },
  {
    name: 'runtime-dyno-metadata',
    displayName: 'Dyno Metadata',
    description: 'tell every dyno its app and release, in HEROKU_APP_NAME, HEROKU_RELEASE_VERSION and others',
    state: 'public',
    docUrl: 'https://devcenter.heroku.com/articles/dyno-metadata',
    enabled: true,
    fixed: {
      why: 'runtime-dyno-metadata is always on here: every dyno is told its app and release.',
      hint: ({ name }) => `See what a dyno is told: tfk run -a ${name} env`,
    },
  },
  {
    name: 'runtime-heroku-exec',
    displayName: 'Heroku Exec',
    description:
      'let an SSH client into running dynos; here heroku run:inside and tfk ps:exec do that without it',
    state: 'general',
    docUrl: 'https://devcenter.heroku.com/articles/exec',
    enabled: false,
    fixed: {
      why: 'runtime-heroku-exec is always off here: there is no SSH server that lets into dynos.',
      hint: ({ name }) =>
        `To enter one, type: heroku run:inside web.1 bash -a ${name}, or tfk ps:exec web.1 -a ${name}`,
    },
  },
];

/** What of an app can be turned on and off, and what Heroku's clients expect to be. */
export class AppFeatures {
  constructor(private readonly apps: Pick<Apps, 'setPreboot'>) {}

  /** By name. */
  list(app: AppRecord): AppFeature[] {
    return KINDS.map((kind) => featureOf(kind, app));
  }

  set(app: AppRecord, { name, enabled }: AppFeature, wanted: boolean): AppFeature {
    const kind = KINDS.find((known) => known.name === name);
    if (!kind) throw new Error(`no such feature: ${name}`);
    if (enabled === wanted) return featureOf(kind, app);
    if (kind.fixed)
      throw new TfkError('invalid_params', `${kind.fixed.why} Nothing was changed.`, {
        hint: kind.fixed.hint(app),
      });
    return featureOf(kind, this.apps.setPreboot(app.id, wanted));
  }
}

function featureOf({ fixed, enabled, ...kind }: Kind, app: AppRecord): AppFeature {
  return {
    ...kind,
    enabled: typeof enabled === 'boolean' ? enabled : enabled(app),
    updatedAt: fixed ? app.createdAt : (app.prebootSetAt ?? app.createdAt),
  };
}
