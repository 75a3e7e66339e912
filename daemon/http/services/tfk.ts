export interface TfkService {
  info(): TfkInfo;
  examine(): Promise<readonly Finding[]>;
  /** `daemon`: returns, and tfkd ends soon after. */
  stopDaemon(): void;
  /** Stops dynos, add-ons, router; tells what it does, and ends with all stopped. Goes on if nobody listens. */
  stopEverything(): AsyncIterable<string>;
}

export interface AuthorityService {
  /** Its certificate in PEM, the file it is in, and its end in milliseconds since the epoch. */
  current(): { readonly certificate: string; readonly path: string; readonly expiresAt: number };
}

export interface TfkInfo {
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  readonly startedAt: number;
  readonly engine: { readonly name: string; readonly isolation: string; readonly limits: boolean };
  readonly api: { readonly socket: string; readonly port: number | null };
  readonly router: {
    readonly port: number | null;
    /** Null: it speaks no TLS. */
    readonly tlsPort: number | null;
    readonly pid: number | null;
    readonly workers: number;
  };
}

export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly hint?: string | undefined;
}
