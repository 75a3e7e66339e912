import { notFound, TfkError } from '../shared/errors.js';
import type { AddonRecord } from '../store/addons.js';
import type { AddonPlan, AddonService } from './addon.js';

/** The services that this tfk has. */
export class Catalogue {
  constructor(
    readonly services: readonly AddonService[],
    /** Other names of a service: `heroku-postgresql` → `postgres`. */
    private readonly aliases: Readonly<Record<string, string>>,
    /** The service of an add-on that is none of those any more; null: unknown. */
    private readonly remembered: (addon: AddonRecord) => AddonService | null = () => null,
  ) {}

  /** What a wish like `postgres`, `postgres:local` or `heroku-postgresql:essential-0` means here. */
  planOf(wish: string): { readonly service: AddonService; readonly plan: string } {
    const [asked = '', planName] = wish.split(':');
    const name = this.aliases[asked] ?? asked;
    const service = this.services.find((candidate) => candidate.name === name);
    if (!service) throw unknown(wish, `The services are ${this.services.map(nameOf).join(', ')}.`);
    const plan = service.plans.find((candidate) =>
      planName === undefined ? candidate.isDefault : candidate.name === `${service.name}:${planName}`,
    );
    if (plan) return { service, plan: plan.name };
    throw unknown(wish, `The plans are ${service.plans.map(planNameOf).join(', ')}.`);
  }

  of(addon: AddonRecord): AddonService {
    const known = this.services.find((candidate) => candidate.name === addon.service);
    const service = known ?? this.remembered(addon);
    if (!service) throw notFound('add_on_service', `This tfk does not know the service ${addon.service}.`);
    return service;
  }
}

const nameOf = ({ name }: AddonService): string => name;
const planNameOf = ({ name }: AddonPlan): string => name.split(':').at(-1) ?? name;

/** Begins as Heroku's does: its `addons:upgrade` lists the plans then. */
const unknown = (wish: string, hint: string): TfkError =>
  new TfkError(
    'invalid_params',
    `Couldn't find either the add-on service or the add-on plan of ${JSON.stringify(wish.slice(0, 80))}.`,
    { hint },
  );
