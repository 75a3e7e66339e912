import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RouterControl } from '../../../../daemon/router/control/client.js';
import { readLines, writeLine } from '../../../../daemon/router/control/lines.js';
import type { ControlRequest } from '../../../../daemon/router/control/protocol.js';
import { systemClock } from '../../../../daemon/shared/clock.js';
import { createLogger } from '../../../../daemon/shared/logger.js';
import { tempHome } from '../../../support/temp-home.js';

const STATUS = { pid: 1, startedAt: 0, version: '1', tableVersion: 4, port: 80, workers: [] };

// Asked in the turn in which the socket broke, and before it said so, it asked itself again within that very turn: then no
// turn follows ever, and this test does not fail but hangs.
test('a question that finds the connection broken is asked on the next one, and nothing else has to wait', async () => {
  const connections: Socket[] = [];
  const socketPath = join(tempHome(), 'control.sock');
  const server = createServer((socket) => {
    connections.push(socket);
    const first = connections.length === 1;
    readLines(socket, (message) => {
      const request = message as ControlRequest;
      socket.cork();
      if (request.type === 'status') writeLine(socket, { type: 'status', id: request.id, status: STATUS });
      if (request.type === 'publish')
        writeLine(socket, { type: 'published', id: request.id, version: request.table.version });
      // The client hangs up at this, in the turn in which it reads the answer.
      if (first) socket.write('no JSON\n');
      socket.uncork();
    });
    socket.on('error', () => undefined);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const control = new RouterControl({
    socketPath,
    clock: systemClock,
    logger: createLogger('silent', 'test'),
  });
  onTestFinished(async () => {
    await control.close();
    server.close();
  });
  expect(await control.publish([])).toBeGreaterThan(4);
  expect(connections).toHaveLength(2);
});
