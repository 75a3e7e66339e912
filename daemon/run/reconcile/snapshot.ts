import type { ObservedDyno, ObservedState } from '../../engines/engine.js';
import type { DynoRecord } from '../../store/dynos.js';

/** All that the plan for one app depends on, read at one moment. Plain values. */
export interface AppSnapshot {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly appId: string;
  /** The app is being taken down. */
  readonly destroyed: boolean;
  /** The current release, if it has code. */
  readonly release: CurrentRelease | null;
  readonly formation: readonly FormationEntry[];
  /** Old web dynos stay until new ones are ready. */
  readonly preboot: boolean;
  readonly dynos: readonly DynoView[];
  /** How many dynos of this app the engines show, whatever is being done with them. */
  readonly remaining: number;
  /** Why nothing is known of some of these dynos, where their engine does not answer. */
  readonly unreachable: string | null;
  /** What the engine has of this app and the store has no row for. */
  readonly strays: readonly ObservedDyno[];
}

export interface CurrentRelease {
  readonly id: string;
  readonly version: number;
  readonly processTypes: Readonly<Record<string, string>>;
}

export interface FormationEntry {
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
}

export interface DynoView {
  readonly record: DynoRecord;
  /** `absent`: the engine knows nothing of it (never started, or the machine was restarted). */
  readonly observed: ObservedState | { readonly kind: 'absent' };
  /** Its readiness check has passed. Types without a check are ready by time alone: the plan decides that. */
  readonly ready: boolean;
  /** As every router worker has it. */
  readonly routed: 'serving' | 'draining' | 'none';
  /** Requests under way; null where the router was not asked or did not say. */
  readonly inFlight: number | null;
  readonly upgraded: number;
  /** Someone in this tfkd waits for it: a client at its stdio, or a release for its end. */
  readonly held: boolean;
}
