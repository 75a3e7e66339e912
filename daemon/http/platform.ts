import { createHash } from 'node:crypto';
import type { NamedRef } from '../../api/index.js';

/** What is the same for every app here. Heroku's clients and Terraform compare these names, so they are Heroku's. */

/** A UUID that stands for a name, always the same (RFC 9562, version 8). */
export function uuidOf(kind: string, name: string): string {
  const hex = createHash('sha256').update(`tfk:${kind}:${name}`).digest('hex');
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

const named = (kind: string, name: string): NamedRef => ({ id: uuidOf(kind, name), name });

export const REGION = named('region', 'us');
export const STACK = named('stack', 'heroku-24');
/** Of apps that are built from their own Dockerfiles. */
export const CONTAINER = named('stack', 'container');
export const STACKS = [STACK, CONTAINER];
/** Other generations switch Heroku's CLI into another mode. */
export const GENERATION = named('generation', 'cedar');
/** Of things that were never made: sizes, plans, regions. */
export const EPOCH = '2026-01-01T00:00:00.000Z';

/** Features are the same for all apps, but for being on or off. */
export const featureIdOf = (name: string): string => uuidOf('app-feature', name);

export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
export const timeOrNull = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : timeOf(milliseconds);
