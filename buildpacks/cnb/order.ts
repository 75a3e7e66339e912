import { stringify } from 'smol-toml';
import type { PlannedBuilder } from '../plan.js';
import type { Builder } from './builder-image.js';

export type ReadOrder =
  | { readonly ok: true; readonly toml: string }
  /** A sentence. */
  | { readonly ok: false; readonly message: string };

/** An order.toml of the one group that project.toml asks for, of buildpacks that the builder has. */
export function orderToml(group: PlannedBuilder['group'], { buildpacks }: Builder): ReadOrder {
  const elements: { id: string; version: string }[] = [];
  for (const { id, version } of group) {
    const found = buildpacks.filter((one) => one.id === id && (version === null || one.version === version));
    // The builder lists the newest of several last.
    const chosen = found.at(-1);
    if (chosen === undefined) return { ok: false, message: missing(id, version, buildpacks) };
    elements.push({ id: chosen.id, version: chosen.version });
  }
  return { ok: true, toml: stringify({ order: [{ group: elements }] }) };
}

function missing(id: string, version: string | null, buildpacks: Builder['buildpacks']): string {
  const wanted = version === null ? id : `${id}@${version}`;
  const there = buildpacks.map((one) => `${one.id}@${one.version}`).join(', ');
  return `project.toml asks for the buildpack ${wanted}, which the builder has not: it has ${there === '' ? 'none' : there}.`;
}
