export type ApiVersion = readonly [major: number, minor: number];

/** Docker 20.10, the oldest that this engine is tested with. */
const OLDEST: ApiVersion = [1, 41];
/** Docker 25; later engines still speak it. */
const NEWEST: ApiVersion = [1, 44];

export type Negotiated =
  | { readonly ok: true; readonly api: ApiVersion }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** What an engine says of itself at `/version`. */
export interface SelfDescription {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Components?: readonly { readonly Name: string }[];
}

/** The newest API that both sides know. */
export function negotiate(engine: SelfDescription): Negotiated {
  if (engine.Components?.some(({ Name }) => /podman/i.test(Name))) {
    return { ok: false, reason: 'that is Podman, not Docker', hint: 'Install Docker Engine 20.10 or newer.' };
  }
  const newest = parseVersion(engine.ApiVersion);
  if (!newest) {
    return {
      ok: false,
      reason: 'what answers there is not Docker',
      hint: 'Set DOCKER_HOST to Docker itself.',
    };
  }
  if (isOlder(newest, OLDEST)) {
    return {
      ok: false,
      reason: `Docker ${engine.Version} (API ${engine.ApiVersion}) is too old: tfk needs API ${OLDEST.join('.')}`,
      hint: 'Install Docker Engine 20.10 or newer.',
    };
  }
  const oldest = parseVersion(engine.MinAPIVersion ?? '') ?? OLDEST;
  const common = isOlder(newest, NEWEST) ? newest : NEWEST;
  // An engine that has forgotten the newest we know gets its own oldest, the nearest there is.
  return { ok: true, api: isOlder(common, oldest) ? oldest : common };
}

function parseVersion(text: string): ApiVersion | null {
  const match = /^(\d+)\.(\d+)$/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : null;
}

const isOlder = (one: ApiVersion, other: ApiVersion): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
