import { ATTACH_SCHEME } from '../../api/index.js';
import type { Clock } from '../shared/clock.js';
import { newSecret } from '../shared/ids.js';
import type { Attachable } from './services.js';

export const ATTACH_PATH = '/tfk/attach/';
/** How long a process waits for the client that asked for it (then R13). */
const PATIENCE_MS = 30_000;

/** Processes that wait for their one client, by the secret in its URL. */
export class AttachPoints {
  private readonly waiting = new Map<string, { attachable: Attachable; claimed: AbortController }>();

  constructor(private readonly clock: Clock) {}

  /** Answers the secret by which one client may connect, once and soon. */
  offer(attachable: Attachable): string {
    const secret = newSecret();
    const claimed = new AbortController();
    this.waiting.set(secret, { attachable, claimed });
    void this.clock.sleep(PATIENCE_MS, claimed.signal).then(() => {
      if (this.waiting.delete(secret)) attachable.expire();
    });
    return secret;
  }

  claim(secret: string): Attachable | undefined {
    const found = this.waiting.get(secret);
    if (!found) return undefined;
    this.waiting.delete(secret);
    found.claimed.abort();
    return found.attachable;
  }

  /** Nobody will come any more. */
  close(): void {
    for (const [secret, { attachable, claimed }] of this.waiting) {
      this.waiting.delete(secret);
      claimed.abort();
      attachable.expire();
    }
  }
}

/** What a client is told: `tfk+attach:/tfk/attach/<secret>`. */
export const attachUrl = (points: AttachPoints, attachable: Attachable): string =>
  `${ATTACH_SCHEME}${ATTACH_PATH}${points.offer(attachable)}`;

/** What Heroku's clients are told: `rendezvous://127.0.0.1:4270/<secret>`, at the address by which they called. */
export const rendezvousUrl = (points: AttachPoints, attachable: Attachable, host: string): string =>
  `rendezvous://${host}/${points.offer(attachable)}`;
