import { notFound } from '../shared/errors.js';
import type { AddonRecord } from '../store/addons.js';
import type { AddonService } from './addon.js';

/** The services that this tfk has. */
export class Catalogue {
  constructor(
    readonly services: readonly AddonService[],
    /** Heroku's names of services that tfk calls otherwise: `heroku-postgresql` → `postgres`. */
    private readonly aliases: Readonly<Record<string, string>>,
  ) {}

  /** What a wish like `postgres`, `postgres:local` or `heroku-postgresql:mini` means here. */
  planOf(wish: string): { readonly service: AddonService; readonly plan: string } {
    const [asked = '', planName] = wish.split(':');
    const name = this.aliases[asked] ?? asked;
    const service = this.services.find((candidate) => candidate.name === name);
    if (!service) {
      throw notFound(
        'add_on_service',
        `There is no add-on service ${JSON.stringify(asked)}.`,
        `The services are ${this.services.map((known) => known.name).join(', ')}.`,
      );
    }
    // Heroku's plans (essential-0, mini…) mean sizes which a machine of one's own does not sell.
    const plan =
      service.plans.find((candidate) => candidate.name === `${service.name}:${planName ?? ''}`) ??
      service.plans.find((candidate) => candidate.isDefault);
    if (!plan) throw notFound('plan', `There is no plan ${JSON.stringify(wish)}.`);
    return { service, plan: plan.name };
  }

  of(addon: AddonRecord): AddonService {
    const service = this.services.find((candidate) => candidate.name === addon.service);
    if (!service) throw notFound('add_on_service', `This tfk does not know the service ${addon.service}.`);
    return service;
  }
}
