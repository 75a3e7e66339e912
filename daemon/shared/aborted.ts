/** Asked anew at each call: the compiler believes that what it has seen false stays false, over an await too. */
export const isAborted = (signal: AbortSignal): boolean => signal.aborted;
