import { Type, type Static } from 'typebox';
import { MapOf } from './fields.js';

/** `GET /apps/:app/config-vars`, `GET /apps/:app/releases/:release/config-vars` */
export const ConfigVars = MapOf(Type.String());
export type ConfigVars = Static<typeof ConfigVars>;

/** `PATCH /apps/:app/config-vars`: merged into what is there; null removes. */
export const UpdateConfigVars = MapOf(Type.Union([Type.String(), Type.Null()]));
export type UpdateConfigVars = Static<typeof UpdateConfigVars>;
