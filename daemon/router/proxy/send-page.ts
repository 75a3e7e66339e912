import type { ServerResponse } from 'node:http';
import { errorPage, type PageContent } from './pages.js';

/** After these the connection is closed: where the next request would begin is not certain. */
const CLOSING: ReadonlySet<number> = new Set([400, 405, 413, 414, 417, 421, 431, 501, 505]);

/** Answers with the router's own page. */
export function sendPage(response: ServerResponse, content: PageContent): void {
  const page = errorPage(content, response.req.headers.accept ?? '');
  if (CLOSING.has(content.status)) response.shouldKeepAlive = false;
  response.writeHead(content.status, {
    'Content-Type': page.contentType,
    'Content-Length': Buffer.byteLength(page.body),
    'Cache-Control': 'no-store',
    'X-Request-Id': content.requestId,
  });
  response.end(page.body);
}
