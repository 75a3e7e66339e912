import { randomBytes } from 'node:crypto';
import type { AppJson } from '../../buildpacks/app-json.js';
import { BUILDER_VAR } from '../../buildpacks/cnb/wish.js';
import type { Addons } from '../addons/addons.js';
import type { SetUpApp } from '../build/contracts.js';
import type { FormationWish } from '../release/formation-after.js';
import type { Releases } from '../release/releases.js';
import { dynoSize } from '../run/sizes.js';
import { TfkError } from '../shared/errors.js';
import type { Store } from '../store/store.js';
import { namesOfBuildpacks } from './services/buildpacks.js';

export interface Wishes {
  readonly formation: FormationWish;
  readonly config: Readonly<Record<string, string>>;
}

const NONE: Wishes = { formation: {}, config: {} };

/** Brings an app to what its app.json asks for, at its first deploy: add-ons at once, env and formation with the release. */
export class FirstDeploy {
  private readonly wishes = new Map<string, Wishes>();

  constructor(
    private readonly store: Store,
    private readonly releases: Releases,
    private readonly addons: Addons,
    private readonly actor: () => string,
  ) {}

  readonly setUp: SetUpApp = async ({ appId, appJson, output }) => {
    const current = this.releases.current(appId);
    if (current.slugId !== null) return;
    if (!current.config[BUILDER_VAR]) this.adoptBuildpacks(appId, appJson);
    this.wishes.set(appId, { formation: formationOf(appJson), config: configOf(appJson, current.config) });
    const app = this.store.apps.find(appId);
    for (const wish of appJson.addons ?? []) {
      const { plan, as = null, options = {} } = typeof wish === 'string' ? { plan: wish } : wish;
      if (!app || this.isThere(appId, plan)) continue;
      output.step(`Adding ${plan}, as app.json asks`);
      const settings = Object.keys(options);
      if (settings.length > 0)
        output.detail(`Without its ${settings.join(', ')}: it has no such setting here`);
      await this.addons.create({
        app,
        plan,
        name: null,
        attachment: as,
        confirm: null,
        options: {},
        waitMs: null,
        actor: this.actor(),
        progress: (text) => output.detail(text),
      });
    }
  };

  /** What setUp has noted for the app's first release; told once. */
  take(appId: string): Wishes {
    const wishes = this.wishes.get(appId) ?? NONE;
    this.wishes.delete(appId);
    return wishes;
  }

  /** The build was made by them, where none were set. */
  private adoptBuildpacks(appId: string, { buildpacks = [] }: AppJson): void {
    const { store } = this;
    if (buildpacks.length === 0 || store.buildpackInstallations.list(appId).length > 0) return;
    const names = namesOfBuildpacks(buildpacks.map(({ url }) => url));
    store.transaction(() => store.buildpackInstallations.replace(appId, names));
  }

  /** A first deploy that failed half-way has its add-ons already. */
  private isThere(appId: string, plan: string): boolean {
    const service = this.addons.serviceName(plan);
    return this.store.addons
      .attachmentsOf(appId)
      .some((attachment) => this.store.addons.find(attachment.addonId)?.service === service);
  }
}

function formationOf({ formation = {} }: AppJson): FormationWish {
  return Object.fromEntries(
    Object.entries(formation).map(([type, { quantity, size }]) => [
      type,
      {
        ...(quantity === undefined ? {} : { quantity }),
        ...(size === undefined ? {} : { size: dynoSize(size).name }),
      },
    ]),
  );
}

/** Config vars that app.json requires, and nobody gave a value. */
export const missingOf = ({ env = {} }: AppJson, have: Readonly<Record<string, string>>): string[] =>
  Object.entries(env)
    .filter(([key, wish]) => have[key] === undefined && isMissing(wish))
    .map(([key]) => key);

function isMissing(wish: NonNullable<AppJson['env']>[string]): boolean {
  if (typeof wish === 'string') return false;
  return wish.value === undefined && wish.generator !== 'secret' && (wish.required ?? true);
}

function configOf(appJson: AppJson, have: Readonly<Record<string, string>>): Record<string, string> {
  const missing = missingOf(appJson, have);
  if (missing.length > 0) throw missingConfig(missing);
  const config: Record<string, string> = {};
  for (const [key, wish] of Object.entries(appJson.env ?? {})) {
    if (have[key] !== undefined) continue;
    const { value, generator } = typeof wish === 'string' ? { value: wish } : wish;
    if (value !== undefined) config[key] = value;
    else if (generator === 'secret') config[key] = randomBytes(32).toString('hex');
  }
  return config;
}

const missingConfig = (missing: readonly string[]): TfkError =>
  new TfkError(
    'invalid_params',
    `app.json asks for config vars that are not set: ${missing.join(', ')}. Nothing was released.`,
    {
      hint: `Type: tfk config:set ${missing.map((key) => `${key}=…`).join(' ')}, then push again.`,
    },
  );
