import type { Clock } from '../shared/clock.js';
import { TfkError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { AddonRecord, AttachmentRecord } from '../store/addons.js';

export interface RebindingParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes the release that has the add-ons as they are attached now; rejects with `conflict` behind one that takes long. */
  readonly rebind: (appId: string, description: string, actor: string) => Promise<unknown>;
  /** Aborts when tfkd stops. */
  readonly stopped: AbortSignal;
}

export interface Change {
  readonly appId: string;
  readonly description: string;
  readonly actor: string;
  /** What is so by now, whatever becomes of the release: `DATABASE is attached`. */
  readonly done: string;
}

const AGAIN_AFTER_MS = 1000;

/** The releases that attaching and detaching make. */
export class Rebinding {
  constructor(private readonly parts: RebindingParts) {}

  /** Rejects where the release has to wait for another one, and makes it when that has ended. */
  async make(change: Change): Promise<void> {
    try {
      await this.parts.rebind(change.appId, change.description, change.actor);
    } catch (error) {
      if (!mustWait(error)) throw error;
      void this.makeLater(change);
      throw waits(change.done, error);
    }
  }

  /** A tfkd that ends before leaves it to the app's next release. */
  private async makeLater({ appId, description, actor }: Change): Promise<void> {
    const { clock, logger, rebind, stopped } = this.parts;
    for (;;) {
      await clock.sleep(AGAIN_AFTER_MS, stopped);
      if (stopped.aborted) return;
      try {
        await rebind(appId, description, actor);
        return;
      } catch (error) {
        if (mustWait(error)) continue;
        logger.error({ err: error, app: appId }, 'an app could not be told of its add-ons');
        return;
      }
    }
  }
}

export const detaching = (
  { appId, name }: AttachmentRecord,
  addon: Pick<AddonRecord, 'name'>,
  actor: string,
): Change => ({
  appId,
  description: `Detach ${name} (@ref:${addon.name})`,
  actor,
  done: `${name} is detached`,
});

const mustWait = (error: unknown): error is TfkError => error instanceof TfkError && error.id === 'conflict';

function waits(done: string, error: TfkError): TfkError {
  const reason = error.message.replace(/ Nothing was changed\.$/, '');
  const { hint } = error;
  return new TfkError('conflict', `${done}; the release that says so to its dynos waits: ${reason}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
