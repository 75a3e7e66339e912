/** What a builder's error means to the developer of the Dockerfile. */
export interface BuilderFailure {
  /** The builder's own words. */
  readonly message: string;
  /** The instruction that failed, as `[2/4] RUN npm ci`; null where it did not come so far. */
  readonly step: string | null;
  readonly dockerfile: string;
}

const PREFIX =
  /^(failed to solve( with frontend [\w.]+)?: |failed to create LLB definition: |rpc error: code = \w+ desc = )+/;
const PARSE_ERROR = /dockerfile parse error (?:on )?line (\d+): (.*)/is;
const EXIT_CODE = /(?:exit code: |returned a non-zero code: )(\d+)/;
const MISSING_FILE = /"([^"]+)":? not found|stat ([^:]+): file does not exist/i;
const NO_REGISTRY =
  /failed to do request|no such host|failed to resolve|pull access denied|manifest (?:for .* )?unknown/i;
const OTHER_ARCHITECTURE = /exec format error/i;
const NO_LATER_SYNTAX = /unknown instruction|unknown flag|heredoc/i;

/** In words of tfk: what failed, where, and what can be done. */
export function failureWords(failure: BuilderFailure): string {
  const { step, dockerfile } = failure;
  const message = failure.message.replace(PREFIX, '').trim();
  const [, line, reason] = PARSE_ERROR.exec(message) ?? [];
  if (line !== undefined && reason !== undefined) return parseError(dockerfile, line, reason);
  const where = step === null ? dockerfile : `${dockerfile}: ${step}`;
  const code = EXIT_CODE.exec(message)?.[1];
  if (OTHER_ARCHITECTURE.test(message)) {
    return `${where} cannot run: its base image is for another architecture than this machine's.`;
  }
  if (code !== undefined) return `${where} exited with status ${code}${killed(code)}.`;
  const [, quoted, file = quoted] = MISSING_FILE.exec(message) ?? [];
  if (file !== undefined) {
    return `${where}: there is no ${file} in the source as it is built. Is it named in .dockerignore, .slugignore or .gitignore?`;
  }
  if (NO_REGISTRY.test(message)) {
    return `${where}: an image that it names is neither on this machine nor could it be fetched: ${message}.`;
  }
  return `${where}: ${message}.`;
}

/** Could the file be one that a later version of the builder reads? */
export const needsLaterSyntax = (message: string): boolean =>
  PARSE_ERROR.test(message) && NO_LATER_SYNTAX.test(message);

function parseError(dockerfile: string, line: string, reason: string): string {
  const later = NO_LATER_SYNTAX.test(reason)
    ? ' If it is right, it needs a later Docker than this machine has: heredocs and newer flags come with Docker 23.'
    : '';
  return `${dockerfile} line ${line}: ${reason.trim()}.${later}`;
}

const killed = (code: string): string =>
  code === '137' ? ': it was killed, for want of memory perhaps' : '';
