import { initial } from './0001-initial.js';

/** One step of the schema. Steps are never edited once released; the next one goes behind them. */
export interface Migration {
  readonly sql: string;
}

/** Step n brings the schema from version n-1 to n. */
export const migrations: readonly Migration[] = [initial];
