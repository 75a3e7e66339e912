/** Lets at most so many jobs run at once; the others wait their turn in the order in which they came. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(private readonly size: number) {}

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.taken >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.taken += 1;
    try {
      return await job();
    } finally {
      // The slot passes to the next without becoming free in between, so that nobody overtakes.
      const next = this.waiting.shift();
      if (next) next();
      else this.taken -= 1;
    }
  }
}
