import type { Formation } from '../api/formation.js';
import { UsageError } from './errors.js';

export interface ScaleUpdate {
  readonly type: string;
  /** `2`, `+1`, `-1`; tfkd counts. */
  readonly quantity?: string;
  readonly size?: string;
}

type Row = Pick<Formation, 'type' | 'quantity' | 'size'>;

const FORM = /^([\w-]+?)([=+-]\d+)(?::([\w-]+))?$/;

/** `web=4`, `worker+1`, `web=2:standard-2x`. */
export function parseScale(word: string): ScaleUpdate {
  const [, type, change, size] = FORM.exec(word) ?? [];
  if (type === undefined || change === undefined) {
    throw new UsageError(
      `${word} does not say how many dynos of which type, in whole numbers.`,
      'Type: tfk scale web=2, worker+1, or web=2:standard-2x. Nothing was changed.',
    );
  }
  return { type, quantity: change.replace('=', ''), ...(size === undefined ? {} : { size }) };
}

/** `web=3:Standard-2X worker=1:Standard-1X` */
export function formationLine(formation: readonly Row[]): string {
  return formation.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`).join(' ');
}

/** `web at 4:Standard-2X, worker at 1:Standard-1X`, of the types that were asked for. */
export function nowRunning(formation: readonly Row[], updates: readonly ScaleUpdate[]): string {
  const asked = new Set(updates.map(({ type }) => type));
  return formation
    .filter(({ type }) => asked.has(type))
    .map(({ type, quantity, size }) => `${type} at ${quantity}:${size}`)
    .join(', ');
}
