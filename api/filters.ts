import { Type, type Static } from 'typebox';
import { App } from './apps.js';

/** `POST /filters/apps`: those of these ids. */
export const FilterApps = Type.Object({
  in: Type.Optional(Type.Object({ id: Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 })) })),
});
export type FilterApps = Static<typeof FilterApps>;

/** As the filter answers apps: as to a team's member. */
export const FilteredApp = Type.Object({ ...App.properties, joined: Type.Boolean(), locked: Type.Boolean() });
export type FilteredApp = Static<typeof FilteredApp>;
