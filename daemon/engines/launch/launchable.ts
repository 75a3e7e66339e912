import { TfkError } from '../../shared/errors.js';

/** Linux takes no single string of an environment beyond this (MAX_ARG_STRLEN), its ending NUL included. */
const LONGEST_VARIABLE = 128 * 1024 - 1;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Rejects what no process on this system could be given. The message never holds a value. */
export function checkLaunchable(env: Readonly<Record<string, string>>, command: string): void {
  if (command.includes('\0')) throw unlaunchable('its command holds a NUL byte');
  for (const [name, value] of Object.entries(env)) {
    if (!NAME.test(name))
      throw unlaunchable(`${JSON.stringify(name)} is no name for an environment variable`);
    if (value.includes('\0')) throw unlaunchable(`the value of ${name} holds a NUL byte`);
    if (Buffer.byteLength(value) + name.length + 1 > LONGEST_VARIABLE) {
      throw unlaunchable(`the value of ${name} is longer than the system's limit of 128 KiB`);
    }
  }
}

function unlaunchable(why: string): TfkError {
  return new TfkError('invalid_params', `The dyno cannot be started: ${why}.`, {
    hint: 'Change it with `tfk config:set` or in the Procfile; the dyno is started again at once.',
  });
}
