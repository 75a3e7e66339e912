import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../../shared/atomic-file.js';
import { codeOf } from '../../../shared/errors.js';

/** On which engine this home's dynos are, by the engine's own id; outlives tfkd. */
export interface EngineMemory {
  /** Where it is kept, for people. */
  readonly place: string;
  /** Null: nothing was made on any engine yet. */
  read(): Promise<string | null>;
  write(engineId: string): Promise<void>;
}

export class EngineFile implements EngineMemory {
  constructor(readonly place: string) {}

  async read(): Promise<string | null> {
    try {
      return (await readFile(this.place, 'utf8')).trim() || null;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  write(engineId: string): Promise<void> {
    return writeFileAtomic(this.place, `${engineId}\n`);
  }
}
