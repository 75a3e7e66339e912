import { SerialQueue } from '../../shared/serial-queue.js';
import { Slots } from '../../shared/slots.js';

/** So that a large database holds up no small one, and a dozen of them at two o'clock not the machine. */
const AT_ONCE = 2;

/** Jobs with backups: one at a time of a database, two at a time of all, begun in the order in which they were asked for. */
export class JobQueue {
  private readonly turns = new SerialQueue();
  private readonly slots = new Slots(AT_ONCE);
  private readonly open = new Set<Promise<void>>();

  /** `failed` hears why a job has rejected: those behind it are done all the same. Nothing of it is done at once. */
  add(addonId: string, job: () => Promise<void>, failed: (error: unknown) => void): void {
    const done = this.turns.run(addonId, () => this.slots.run(job)).catch(failed);
    this.open.add(done);
    void done.then(() => this.open.delete(done));
  }

  /** Resolves when nothing is to be done. */
  async idle(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
  }
}
