import { Type, type Static } from 'typebox';
import { NamedRef, Time, Uuid } from './fields.js';

/** Who may work on an app; its owner is listed too. */
export const Collaborator = Type.Object({
  app: NamedRef,
  created_at: Time(),
  id: Uuid(),
  permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  role: Type.Union([Type.Literal('owner'), Type.Literal('collaborator')]),
  updated_at: Time(),
  user: Type.Object({ email: Type.String(), federated: Type.Boolean(), id: Uuid() }),
});
export type Collaborator = Static<typeof Collaborator>;

/** `POST /apps/:app/collaborators`: the user's e-mail address or id. Nobody is sent a mail, `silent` or not. */
export const CreateCollaborator = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 254 }),
  silent: Type.Optional(Type.Boolean()),
});
export type CreateCollaborator = Static<typeof CreateCollaborator>;
