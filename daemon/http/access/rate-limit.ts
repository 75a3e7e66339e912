/** How many requests a token may make: so many at once, and as many again within an hour, evenly. Null: any number. */
export type HourlyLimit = number | null;

/** Heroku's; and what is told where nothing is counted. */
export const HEROKUS_LIMIT = 4_500;

/** What a token has left, at the time of its last request. */
export interface Bucket {
  readonly left: number;
  readonly at: number;
}

export interface Drawn {
  readonly granted: boolean;
  /** Afterwards. */
  readonly bucket: Bucket;
  /** Whole requests that it may make at once. */
  readonly remaining: number;
  /** Seconds until the next one is granted; 0 where one is left. */
  readonly retryAfterS: number;
}

const HOUR_MS = 60 * 60_000;
/** Tokens that are remembered: those with a full bucket need not be. */
const MOST_TOKENS = 1_000;

/** Draws `cost` requests, or none where so many are not left. A token of which nothing is known has all. */
export function draw(
  known: Bucket | undefined,
  limit: number,
  request: { now: number; cost: number },
): Drawn {
  const { now, cost } = request;
  const had = leftAt(known, limit, now);
  // A clock in milliseconds never refills to exactly one.
  const granted = had + 1e-6 >= cost;
  const left = granted ? Math.max(0, had - cost) : had;
  return {
    granted,
    bucket: { left, at: now },
    remaining: Math.floor(left),
    retryAfterS: left >= 1 ? 0 : Math.ceil(((1 - left) * HOUR_MS) / limit / 1000),
  };
}

/** A clock that was set back refills nothing. */
function leftAt(known: Bucket | undefined, limit: number, now: number): number {
  if (!known) return limit;
  return Math.min(limit, known.left + (Math.max(0, now - known.at) * limit) / HOUR_MS);
}

/** What each token has left. It begins anew with tfkd, and holds no more tokens than `most`. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limit: number,
    private readonly most = MOST_TOKENS,
  ) {}

  draw(tokenId: string, now: number, cost: number): Drawn {
    const drawn = draw(this.buckets.get(tokenId), this.limit, { now, cost });
    // Last used, last in order.
    this.buckets.delete(tokenId);
    if (drawn.bucket.left < this.limit) this.buckets.set(tokenId, drawn.bucket);
    if (this.buckets.size > this.most) this.forgetSome(now);
    return drawn;
  }

  get size(): number {
    return this.buckets.size;
  }

  /** Those that are full again; where there are none, the one that was silent for longest. */
  private forgetSome(now: number): void {
    for (const [id, bucket] of this.buckets)
      if (leftAt(bucket, this.limit, now) >= this.limit) this.buckets.delete(id);
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > this.most && oldest !== undefined) this.buckets.delete(oldest);
  }
}
