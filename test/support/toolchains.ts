import { homedir } from 'node:os';
import { Toolchains } from '../../daemon/engines/process/toolchains/toolchains.js';

/** The languages of this machine, as a tfkd finds them that was started here. */
export const theseToolchains = (): Toolchains =>
  new Toolchains({
    path: (process.env['PATH'] ?? '').split(':'),
    home: homedir(),
    env: {},
    nodePath: process.execPath,
  });
