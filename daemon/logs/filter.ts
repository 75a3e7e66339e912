import type { LogFilter, LogLine } from './entry.js';

/** Is the line what the filter asks for? The store's SQL answers the same; a test compares the two. */
export function matches(filter: LogFilter, line: LogLine): boolean {
  return (
    isFrom(filter, line) &&
    (filter.since === undefined || line.time >= filter.since) &&
    (filter.until === undefined || line.time <= filter.until) &&
    (filter.grep === undefined || line.text.includes(filter.grep))
  );
}

/** Readers with equal keys see the same lines, and so share one buffer. */
export function filterKey(filter: LogFilter): string {
  const { source, dyno, type, release, since, until, grep } = filter;
  return JSON.stringify([source, dyno, type, release, since, until, grep]);
}

function isFrom(filter: LogFilter, line: LogLine): boolean {
  return (
    (filter.source === undefined || line.source === filter.source) &&
    (filter.dyno === undefined || line.dyno === filter.dyno) &&
    (filter.type === undefined || isOfType(line.dyno, filter.type)) &&
    (filter.release === undefined || line.release === filter.release)
  );
}

function isOfType(dyno: string, type: string): boolean {
  return dyno === type || dyno.startsWith(`${type}.`);
}
