/** How the reading program came to its end by itself. */
export interface ReaderEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it said on stderr, or why it could not be started. */
  readonly said: string;
}

/** What of a source ends the program that reads it: its memory, the processor time that it has, or the machine's memory. */
export type SourcesFault = 'memory' | 'time' | 'killed';

/** Null where the source is not at fault, as far as its end says. */
export function faultOf({ code, signal, said }: ReaderEnd): SourcesFault | null {
  const by = signal ?? SIGNALS[code ?? 0];
  // V8 aborts where its heap is full.
  if (by === 'SIGABRT' || /out of memory/i.test(said)) return 'memory';
  if (by === 'SIGXCPU') return 'time';
  return by === 'SIGKILL' ? 'killed' : null;
}

/** As a shell says that a signal ended a program. */
const SIGNALS: Readonly<Record<number, string>> = { 134: 'SIGABRT', 137: 'SIGKILL', 152: 'SIGXCPU' };

/** For people, on one line. */
export function shownEnd({ code, signal, said }: ReaderEnd): string {
  const exited = code === null ? 'failed' : `exited with status ${code}`;
  const how = signal === null ? exited : `was ended by ${signal}`;
  const words = said.replace(/[\u0000-\u0020\u007F-\u009F]+/g, ' ').trim();
  return words === '' ? how : `${how}: ${words}`;
}
