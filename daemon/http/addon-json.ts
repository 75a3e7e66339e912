import type {
  Addon as AddonJson,
  Attachment as AttachmentJson,
  NamedRef,
  Plan as PlanJson,
  AddonService as ServiceJson,
} from '../../api/index.js';
import type { AddonPlan, AddonService } from '../addons/addon.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';
import { EPOCH, GENERATION, timeOf, uuidOf } from './platform.js';
import type { Services } from './services.js';

const FREE = { cents: 0, contract: false, metered: false, unit: 'month' };

type ServiceNames = Pick<AddonService, 'name' | 'herokuName' | 'humanName'>;

export function serviceJson(service: ServiceNames): ServiceJson {
  return {
    cli_plugin_name: null,
    created_at: EPOCH,
    human_name: service.humanName,
    id: uuidOf('addon-service', service.name),
    name: service.herokuName,
    state: 'ga',
    supported_generations: [GENERATION],
    supports_multiple_installations: true,
    supports_sharing: true,
    updated_at: EPOCH,
  };
}

export function planJson(service: Pick<AddonService, 'name' | 'herokuName'>, plan: AddonPlan): PlanJson {
  return {
    addon_service: { id: uuidOf('addon-service', service.name), name: service.herokuName },
    compliance: null,
    created_at: EPOCH,
    default: plan.isDefault,
    description: plan.description,
    human_name: plan.name.split(':').at(-1) ?? plan.name,
    id: uuidOf('plan', plan.name),
    installable_inside_private_network: false,
    installable_outside_private_network: true,
    name: herokuPlan(service, plan.name),
    price: FREE,
    space_default: false,
    state: 'ga',
    updated_at: EPOCH,
    visible: true,
  };
}

/** `postgres:local` as `heroku-postgresql:local`: Heroku's clients know a database by the name of its plan. */
const herokuPlan = ({ herokuName }: Pick<AddonService, 'herokuName'>, plan: string): string =>
  [herokuName, ...plan.split(':').slice(1)].join(':');

/** A service that this version does not know any more goes by the name it had. */
const serviceOf = (services: Services, name: string): ServiceNames & Pick<AddonService, 'plans'> =>
  services.addons.services().find((known) => known.name === name) ?? {
    name,
    humanName: name,
    herokuName: name,
    plans: [],
  };

/** Also of a service that this version does not know any more. */
export function addonJson(services: Services, addon: AddonRecord): AddonJson {
  const service = serviceOf(services, addon.service);
  const plan = service.plans.find(({ name }) => name === addon.plan);
  const app = appRef(services, addon.appId);
  return {
    actions: [],
    addon_service: serviceJson(service),
    app,
    billed_price: FREE,
    billing_entity: { ...app, type: 'app' },
    config_vars: configVarsOf(services, addon),
    created_at: timeOf(addon.createdAt),
    id: addon.id,
    name: addon.name,
    plan: planJson(service, plan ?? { name: addon.plan, description: addon.plan, isDefault: false }),
    provider_id: addon.id,
    provision_message: plan && !plan.isDefault ? plan.description : '',
    state: addon.state,
    updated_at: timeOf(addon.updatedAt),
    web_url: null,
  };
}

/** Those that the add-on gives to the app that owns it. */
function configVarsOf(services: Services, addon: AddonRecord): string[] {
  return services.records.addons
    .attachmentsOf(addon.appId)
    .filter(({ addonId }) => addonId === addon.id)
    .flatMap((attachment) => [...services.addons.configKeys(attachment)]);
}

export function attachmentJson(
  services: Services,
  attachment: AttachmentRecord,
  addon: AddonRecord,
): AttachmentJson {
  return {
    addon: {
      app: appRef(services, addon.appId),
      id: addon.id,
      name: addon.name,
      plan: {
        id: uuidOf('plan', addon.plan),
        name: herokuPlan(serviceOf(services, addon.service), addon.plan),
      },
    },
    app: appRef(services, attachment.appId),
    config_vars: [...services.addons.configKeys(attachment)],
    created_at: timeOf(attachment.createdAt),
    id: attachment.id,
    log_input_url: null,
    name: attachment.name,
    namespace: null,
    updated_at: timeOf(attachment.updatedAt),
    web_url: null,
  };
}

const appRef = (services: Services, appId: string): NamedRef => ({
  id: appId,
  name: services.apps.find(appId)?.name ?? appId,
});
