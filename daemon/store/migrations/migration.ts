/** One step of the schema. Steps are never edited once released; the next one goes behind them. */
export interface Migration {
  readonly sql: string;
}
