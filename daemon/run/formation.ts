import type { Logs } from '../logs/entry.js';
import { apiLine, scaled } from '../logs/platform.js';
import type { Clock } from '../shared/clock.js';
import { notFound, TfkError } from '../shared/errors.js';
import { newId } from '../shared/ids.js';
import type { FormationRecord } from '../store/formation.js';
import type { ReleaseRecord } from '../store/releases.js';
import type { Store } from '../store/store.js';
import { dynoSize } from './sizes.js';

/** A wish for one process type; null leaves as it is. */
export interface ScaleUpdate {
  readonly type: string;
  readonly quantity: { readonly to: number } | { readonly by: number } | null;
  /** A size's name, in any case. */
  readonly size: string | null;
}

/** What a machine of one's own can be asked for by mistake. */
const MOST_DYNOS = 100;

/** How many dynos of each process type there should be. */
export class Formation {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly logs: Logs,
    private readonly notify: (appId: string) => void,
  ) {}

  /** The process types of the current release, by name. */
  list(appId: string): (FormationRecord & { readonly command: string })[] {
    const { processTypes } = this.currentRelease(appId);
    return this.store.formation.list(appId).flatMap((entry) => {
      const command = processTypes[entry.type];
      return command === undefined ? [] : [{ ...entry, command }];
    });
  }

  /** All updates or none. Answers the entries that were asked for, as they are now. */
  scale(
    appId: string,
    updates: readonly ScaleUpdate[],
    actor: string,
  ): (FormationRecord & { readonly command: string })[] {
    const changed = this.store.transaction(() => {
      const entries = this.list(appId);
      const next = updates.map((update) => this.apply(entries, update));
      for (const entry of next) {
        this.store.formation.put({
          id: newId(),
          appId,
          type: entry.type,
          quantity: entry.quantity,
          size: entry.size,
          now: this.clock.now(),
        });
      }
      return new Set(next.map((entry) => entry.type));
    });
    const now = this.list(appId);
    this.logs.append(appId, [
      apiLine(
        scaled(
          now.map(({ type, quantity, size }) => ({ type, quantity, size })),
          actor,
        ),
      ),
    ]);
    this.notify(appId);
    return now.filter((entry) => changed.has(entry.type));
  }

  private apply(
    entries: readonly FormationRecord[],
    update: ScaleUpdate,
  ): { type: string; quantity: number; size: string } {
    const entry = entries.find((candidate) => candidate.type === update.type);
    if (!entry) throw this.unknownType(entries, update.type);
    if (entry.type === 'release' && update.quantity !== null) throw releaseHasNoDynos();
    return {
      type: entry.type,
      quantity: update.quantity === null ? entry.quantity : quantityOf(entry, update.quantity),
      size: update.size === null ? entry.size : dynoSize(update.size).name,
    };
  }

  private unknownType(entries: readonly FormationRecord[], type: string): TfkError {
    const known = entries.map((entry) => entry.type).join(', ');
    const hint =
      known === '' ? 'The app has no process types yet. Type: tfk push' : `Its process types are ${known}.`;
    return notFound(
      'formation',
      `The app has no process type ${JSON.stringify(type)}. Nothing was scaled.`,
      hint,
    );
  }

  private currentRelease(appId: string): ReleaseRecord {
    const release = this.store.releases.current(appId);
    if (!release) throw notFound('app', 'There is no such app.');
    return release;
  }
}

const releaseHasNoDynos = (): TfkError =>
  new TfkError(
    'invalid_params',
    'release runs once before each release, and cannot be scaled. Nothing was scaled.',
    {
      hint: 'Run it now: tfk run release. With a new release: tfk releases:retry',
    },
  );

function quantityOf(entry: FormationRecord, wish: { to: number } | { by: number }): number {
  const quantity = 'to' in wish ? wish.to : Math.max(0, entry.quantity + wish.by);
  if (Number.isInteger(quantity) && quantity >= 0 && quantity <= MOST_DYNOS) return quantity;
  throw new TfkError('invalid_params', `${entry.type} cannot be scaled to ${quantity}. Nothing was scaled.`, {
    hint: `A quantity is a whole number from 0 to ${MOST_DYNOS}, or a change such as +1.`,
  });
}
