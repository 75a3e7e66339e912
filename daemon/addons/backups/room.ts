import { SerialQueue } from '../../shared/serial-queue.js';

/**
 * Room on a disk for jobs that write at the same time. Each is promised what it needs; one for which the others' promises leave too
 * little waits for their ends.
 */
export class Room {
  private promised = 0;
  private readonly turns = new SerialQueue();
  private released: () => void = () => undefined;

  /** `free`: bytes on the disk now. `full`: the error of a job for which it is too small, also alone. */
  constructor(
    private readonly free: () => Promise<number>,
    private readonly full: (bytes: number) => Error,
  ) {}

  /** Does the work once its bytes are promised. Rejects as the work does, or with `full`. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await this.turns.run('promise', () => this.promise(bytes));
    try {
      return await work();
    } finally {
      this.promised -= bytes;
      this.released();
    }
  }

  private async promise(bytes: number): Promise<void> {
    while ((await this.free()) - this.promised < bytes) {
      if (this.promised === 0) throw this.full(bytes);
      await new Promise<void>((resolve) => (this.released = resolve));
    }
    this.promised += bytes;
  }
}
