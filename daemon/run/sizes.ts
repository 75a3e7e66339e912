import type { DynoLimits } from '../engines/engine.js';
import { TfkError } from '../shared/errors.js';

export interface DynoSize extends DynoLimits {
  /** As Heroku writes it: `Standard-1X`. */
  readonly name: string;
}

const MIB = 1024 * 1024;

/** Heroku's names and memory (Dev Center, "Dyno Sizes"); CPU by weight, since a machine of one's own has what it has. */
export const DYNO_SIZES: readonly DynoSize[] = [
  { name: 'Eco', memoryBytes: 512 * MIB, cpuWeight: 1, pids: 256 },
  { name: 'Basic', memoryBytes: 512 * MIB, cpuWeight: 1, pids: 256 },
  { name: 'Standard-1X', memoryBytes: 512 * MIB, cpuWeight: 1, pids: 256 },
  { name: 'Standard-2X', memoryBytes: 1024 * MIB, cpuWeight: 2, pids: 512 },
  { name: 'Performance-M', memoryBytes: 2560 * MIB, cpuWeight: 4, pids: 16_384 },
  { name: 'Performance-L', memoryBytes: 14_336 * MIB, cpuWeight: 8, pids: 32_768 },
];

/** By name, in any case. */
export function dynoSize(name: string): DynoSize {
  const size = DYNO_SIZES.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (size) return size;
  throw new TfkError(
    'invalid_params',
    `There is no dyno size ${JSON.stringify(name)}. Nothing was changed.`,
    {
      hint: `The sizes are ${DYNO_SIZES.map((known) => known.name.toLowerCase()).join(', ')}.`,
    },
  );
}
