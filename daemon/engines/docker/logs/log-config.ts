/** Of one file; it is a little more when dockerd goes on to the next. */
const FILE_BYTES = 64 * 1024 * 1024;
const FILES = 8;

/** What dockerd keeps of a container's output: HostConfig.LogConfig. */
export interface LogConfig {
  readonly Type: string;
  readonly Config: Record<string, string>;
}

/**
 * The log of a new dyno. The `local` driver, since it keeps every byte (json-file replaces what is no UTF-8, and cuts long
 * lines inside characters) and costs dockerd the least; 512 MB, which a dyno that writes at full speed takes more than 5 s to
 * fill. They stay on the disk until the dyno goes: nobody but dockerd may delete its files, since each change of files gives
 * another one the name. Not compressed, so that they can be read as they are; blocking, whatever dockerd's own default is, so
 * that a dyno waits rather than loses lines. An attached dyno's output goes to whoever is attached, and nowhere else.
 */
export function logConfig(stdio: 'logged' | 'attached'): LogConfig {
  if (stdio === 'attached') return { Type: 'none', Config: {} };
  return {
    Type: 'local',
    Config: {
      'max-size': `${FILE_BYTES}`,
      'max-file': `${FILES}`,
      compress: 'false',
      mode: 'blocking',
    },
  };
}

/** How much of a dyno's log dockerd keeps. */
export interface LogLimits {
  readonly fileBytes: number;
  readonly files: number;
}

/** What is not said in bytes is taken as ours: the limits only serve to count what was lost. */
export function limitsOf(config: Readonly<Record<string, string>> = {}): LogLimits {
  const wholeNumber = (text: string | undefined, otherwise: number) =>
    text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : otherwise;
  return {
    fileBytes: wholeNumber(config['max-size'], FILE_BYTES),
    files: wholeNumber(config['max-file'], FILES),
  };
}
