import { Type, type Static } from 'typebox';
import { MapOf, NamedRef, Nullable, Time, Uuid } from './fields.js';

const Price = Type.Object({
  cents: Type.Integer(),
  contract: Type.Boolean(),
  metered: Type.Boolean(),
  unit: Type.String(),
});

export const AddonService = Type.Object({
  cli_plugin_name: Nullable(Type.String()),
  created_at: Time(),
  human_name: Type.String(),
  id: Uuid(),
  name: Type.String(),
  state: Type.Union([
    Type.Literal('alpha'),
    Type.Literal('beta'),
    Type.Literal('ga'),
    Type.Literal('shutdown'),
  ]),
  supported_generations: Type.Array(NamedRef),
  supports_multiple_installations: Type.Boolean(),
  supports_sharing: Type.Boolean(),
  updated_at: Time(),
});
export type AddonService = Static<typeof AddonService>;

/** `GET /addon-services/:service/plans` */
export const Plan = Type.Object({
  addon_service: NamedRef,
  compliance: Type.Null(),
  created_at: Time(),
  default: Type.Boolean(),
  description: Type.String(),
  human_name: Type.String(),
  id: Uuid(),
  installable_inside_private_network: Type.Boolean(),
  installable_outside_private_network: Type.Boolean(),
  name: Type.String(),
  price: Price,
  space_default: Type.Boolean(),
  state: Type.String(),
  updated_at: Time(),
  visible: Type.Boolean(),
});
export type Plan = Static<typeof Plan>;

const addon = {
  actions: Type.Array(Type.Object({})),
  addon_service: AddonService,
  app: NamedRef,
  billed_price: Price,
  billing_entity: Type.Object({ id: Uuid(), name: Type.String(), type: Type.String() }),
  /** Names only. */
  config_vars: Type.Array(Type.String()),
  created_at: Time(),
  id: Uuid(),
  name: Type.String(),
  plan: Plan,
  provider_id: Type.String(),
  provision_message: Type.String(),
  state: Type.String(),
  updated_at: Time(),
  web_url: Nullable(Type.String()),
};

/** State: `provisioning`, `provisioned`, `deprovisioning`, `deprovisioned`. */
export const Addon = Type.Object(addon);
export type Addon = Static<typeof Addon>;

/**
 * `GET /tfk/apps/:app/addons/:addon`: with label and text pairs in order, and where programs on tfkd's own machine reach it,
 * which may be another address than dynos are given. Without secrets.
 */
export const AddonDetails = Type.Object({
  ...addon,
  facts: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  local_address: Nullable(Type.Object({ host: Type.String(), port: Type.Integer() })),
});
export type AddonDetails = Static<typeof AddonDetails>;

/** `POST /apps/:app/addons`. A plan is `postgres` (its default plan), `postgres:local`, or as on Heroku. */
export const CreateAddon = Type.Object({
  attachment: Type.Optional(Nullable(Type.Object({ name: Type.Optional(Type.String()) }))),
  config: Type.Optional(MapOf(Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
  confirm: Type.Optional(Nullable(Type.String())),
  name: Type.Optional(Nullable(Type.String())),
  plan: Type.Union([Type.String(), Type.Object({ name: Type.String() })]),
});
export type CreateAddon = Static<typeof CreateAddon>;

/** `PATCH /apps/:app/addons/:addon` */
export const UpdateAddon = Type.Object({
  name: Type.Optional(Type.String()),
  plan: Type.Optional(Type.Union([Type.String(), Type.Object({ name: Type.String() })])),
});
export type UpdateAddon = Static<typeof UpdateAddon>;

/** `GET /addons/:addon/config`; values are told by the config vars of an app alone. */
export const AddonConfig = Type.Array(Type.Object({ name: Type.String(), value: Type.Null() }));
export type AddonConfig = Static<typeof AddonConfig>;

/** `POST /actions/addons/resolve` */
export const ResolveAddon = Type.Object({
  addon: Type.String(),
  addon_service: Type.Optional(Nullable(Type.String())),
  app: Type.Optional(Nullable(Type.String())),
});
export type ResolveAddon = Static<typeof ResolveAddon>;
