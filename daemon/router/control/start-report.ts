/** What a starting router tells who started it, over the channel it was spawned with. */
export type StartReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string; readonly exitCode: number };

export const EXIT = { failed: 1, alreadyRunning: 3, portTaken: 4 } as const;
