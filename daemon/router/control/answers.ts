import { connect } from 'node:net';
import { codeOf } from '../../shared/errors.js';

/** Whether a process accepts connections at this unix socket. Any doubt (no permission, a full queue) is a yes. */
export function answersAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', (error) => finish(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error) ?? '')));
  });
}
