import type { FastifyInstance } from 'fastify';
import { suggest } from '../shared/did-you-mean.js';
import { TfkError } from '../shared/errors.js';
import { quote } from './find.js';

/** What is read here of the schema of a body. `additionalProperties`: what stands under names of the user's own. */
export interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

export interface UnknownField {
  /** `updates.0.tpye` */
  readonly path: string;
  readonly name: string;
  /** What may stand there. */
  readonly known: readonly string[];
}

/**
 * A field that a request does not take would be passed over in silence, and whoever wrote it would think that it was done. What
 * Heroku's clients send though it means nothing here is in the schemas.
 */
export function refuseUnknownFields(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const schema = request.routeOptions.schema?.body as Shape | undefined;
    const found = schema ? unknownField(schema, request.body) : null;
    if (found) throw refusal(found);
    done();
  });
}

/** The first field that the schema does not name; an object without named fields takes any. */
export function unknownField(schema: Shape, value: unknown, path = ''): UnknownField | null {
  if (Array.isArray(value)) {
    const { items } = alternative(schema, 'items');
    return items
      ? first(Object.entries(value), (index, item) => unknownField(items, item, below(path, index)))
      : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { additionalProperties } = alternative(schema, 'additionalProperties');
  if (typeof additionalProperties === 'object')
    return first(Object.entries(value as Record<string, unknown>), (name, inner) =>
      unknownField(additionalProperties, inner, below(path, name)),
    );
  const { properties } = alternative(schema, 'properties');
  if (!properties) return null;
  return first(Object.entries(value as Record<string, unknown>), (name, inner) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known) return unknownField(known, inner, below(path, name));
    return { path: below(path, name), name, known: Object.keys(properties) };
  });
}

/** The one of several shapes that can be looked into: "this object, or null". */
export const alternative = (schema: Shape, needed: Exclude<keyof Shape, 'anyOf'>): Shape =>
  schema.anyOf?.find((shape) => shape[needed] !== undefined) ?? schema;

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function first<Value>(
  entries: readonly (readonly [string, Value])[],
  look: (name: string, value: Value) => UnknownField | null,
): UnknownField | null {
  for (const [name, value] of entries) {
    const found = look(name, value);
    if (found) return found;
  }
  return null;
}

function refusal({ path, name, known }: UnknownField): TfkError {
  const suggestions = suggest(name, known);
  const hint =
    suggestions.length > 0 ? `Did you mean ${suggestions.join(' or ')}?` : `It takes ${known.join(', ')}.`;
  return new TfkError('invalid_params', `${quote(path)} is no field of this request. Nothing was changed.`, {
    hint,
    suggestions,
  });
}
