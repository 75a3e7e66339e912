// @ts-check
/**
 * Serves a static website on $PORT: a plan brings these files into the slug as `.tfk/static-server/`, and its settings beside
 * them. Needs Node.js and nothing else. A line of JSON on stdout for each request; ends in order on SIGTERM.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { AccessLog } from './access-log.mjs';
import { answerTo, settled } from './answer.mjs';
import { send } from './send.mjs';
import { filesOf } from './site.mjs';

/** @type {(message: string) => never} */
const fail = (message) => {
  process.stderr.write(`static server: ${message}\n`);
  process.exit(1);
};

/** The router keeps connections for less than that, so that it never writes into one which ends. */
const IDLE_MS = 95_000;
/** Below the 30 s which a dyno has to stop. */
const LAST_ANSWERS_MS = 25_000;

const { PORT = '3000', TFK_RELEASE_VERSION: release = '' } = process.env;
const text = await readFile(new URL('settings.json', import.meta.url), 'utf8');
const given = /** @type {import('./answer.mjs').Settings} */ (JSON.parse(text));
const files = await filesOf(given.root, given.hidden).catch(() => null);
if (files === null)
  fail(`there is no folder ${given.root}: is it what the build makes? static.json can name it as "root".`);
const site = settled(given, files, process.env);
const log = new AccessLog(process.stdout);

const server = createServer();
server.on('request', (request, response) => {
  log.follow(request, response);
  send(answerTo(request, site), { request, response, site, release }).catch(
    (/** @type {unknown} */ error) => {
      process.stderr.write(`static server: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
          .end('Internal server error\n');
    },
  );
});
server.keepAliveTimeout = IDLE_MS;
server.on('error', (error) => fail(error.message));
server.listen(Number(PORT), () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : address;
  process.stdout.write(`${JSON.stringify({ message: 'serving', files: files.size, port })}\n`);
});

process.once('SIGTERM', () => {
  server.prependListener('request', (_, response) => response.setHeader('Connection', 'close'));
  server.close(() => setImmediate(() => process.exit(0)));
  // A connection whose answer was promised before is kept by its client, and is to be ended here.
  setInterval(() => server.closeIdleConnections(), 50).unref();
  setTimeout(() => process.exit(0), LAST_ANSWERS_MS).unref();
});
