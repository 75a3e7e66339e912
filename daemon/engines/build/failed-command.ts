import type { Hint } from '../../../buildpacks/plan.js';

/** Looks through what a step prints for what its plan can help with. */
export class HintFinder {
  private best: number;

  constructor(private readonly hints: readonly Hint[] = []) {
    this.best = this.placeOf((when) => when === undefined);
  }

  see(line: string): void {
    this.best = Math.min(
      this.best,
      this.placeOf((when) => when !== undefined && line.includes(when)),
    );
  }

  /** What to say if the step fails now. */
  get found(): string | undefined {
    return this.hints[this.best]?.say;
  }

  private placeOf(fits: (when: string | undefined) => boolean): number {
    const place = this.hints.findIndex(({ when }) => fits(when));
    return place < 0 ? this.hints.length : place;
  }
}

/** A command as people read it: scripts of several lines are the planner's own, and left out. */
export const shownCommand = (argv: readonly string[]): string =>
  argv.map((word) => (word.includes('\n') ? '…' : word)).join(' ');
