/** The status to answer, and why, for the log. */
export interface Refusal {
  readonly status: number;
  readonly cause: string;
}
