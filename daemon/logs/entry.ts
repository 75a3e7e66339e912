/** The one model of a log line. */
export interface LogLine {
  /** Rises by one per app; the order of arrival, and where a reader goes on. */
  readonly sequence: number;
  /** Microseconds since the epoch; never less than the line's before it in its app. */
  readonly time: number;
  /** `app`: a dyno's own output, or `app[api]` for what users did. `heroku`: the platform (states, errors, router). */
  readonly source: 'app' | 'heroku';
  /** `web.1`, `run.4711`, `router`, `api`. */
  readonly dyno: string;
  readonly stream: 'stdout' | 'stderr' | null;
  /** The release that the dyno ran; null for lines of no release. */
  readonly release: number | null;
  readonly text: string;
}

export type NewLogLine = Omit<LogLine, 'sequence' | 'time'> & { readonly time: number | null };

export interface LogFilter {
  readonly source?: 'app' | 'heroku';
  /** An exact dyno (`web.1`, `router`). */
  readonly dyno?: string;
  /** A process type: `web` is every `web.N`. */
  readonly type?: string;
  readonly release?: number;
  /** Microseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** A plain substring of the text. */
  readonly grep?: string;
}

/** What the other stages write and read. Implemented by LogStore; times are stamped at arrival where null. */
export interface Logs {
  /** Appends lines and, if given, the cursor of the source they came from: both or neither. */
  append(
    appId: string,
    lines: readonly NewLogLine[],
    cursor?: { readonly source: string; readonly value: string },
  ): void;
  /** The cursor committed last for a source (a dyno's instance id, a router file), or null. */
  cursor(appId: string, source: string): string | null;
  /** The last `count` lines that match, oldest first. */
  last(appId: string, filter: LogFilter, count: number): LogLine[];
  /**
   * Lines after `sequence` that match, as they arrive, until the signal aborts. A reader that is slower than its buffer
   * gets `dropped` with the exact number of lines that it missed; it never slows a writer.
   */
  follow(
    appId: string,
    filter: LogFilter,
    sequence: number,
    signal: AbortSignal,
  ): AsyncIterable<LogLine | { readonly dropped: number }>;
  /** The sequence of the newest line, 0 when there is none. */
  newest(appId: string): number;
  /** Removes an app's lines and cursors. */
  drop(appId: string): void;
}
