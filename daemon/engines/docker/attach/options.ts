import type { TerminalSize } from '../../engine.js';

/** What `createContainer` must be told of a dyno whose stdio goes to an attachment. */
export interface AttachedOptions {
  readonly Tty: boolean;
  readonly OpenStdin: true;
  /** The end of the client's input is the end of the dyno's. Without it, that end would cut the output off too. */
  readonly StdinOnce: true;
  readonly AttachStdin: true;
  readonly AttachStdout: true;
  readonly AttachStderr: true;
}

/** For a dyno with `stdio: 'attached'`; null: plain pipes. */
export const attachedOptions = (terminal: TerminalSize | null): AttachedOptions => ({
  Tty: terminal !== null,
  OpenStdin: true,
  StdinOnce: true,
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
});

/**
 * Docker takes some keys of a terminal for itself, ctrl-p first of all, and holds them back until the next one. This
 * sequence begins with a key that hardly any program knows; there is no way to have none.
 */
export const DETACH_KEYS = 'ctrl-^,ctrl-@,ctrl-^,ctrl-_';

/**
 * A line of shell that gives the terminal its size before the command looks, where the image has `stty`: Docker itself sets
 * it only after the start. Ends in a newline; empty without a terminal.
 */
export const sizingLine = (terminal: TerminalSize | null): string =>
  terminal === null ? '' : `stty cols ${terminal.columns} rows ${terminal.rows} 2>/dev/null\n`;
