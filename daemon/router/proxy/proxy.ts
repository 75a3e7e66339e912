import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { accessText } from './access-text.js';
import type { ProxyContext } from './context.js';
import { Exchange, type Incoming } from './exchange.js';
import { requestError } from './failures.js';
import { parseAuthority } from './host.js';
import type { LiveTable } from './live-table.js';
import { textFor, UNKNOWN_HOST } from './pages.js';
import type { Refusal } from './refusal.js';
import { checkRequest, isRefusal, type CheckedRequest } from './request-checks.js';
import { sendPage } from './send-page.js';

/** A request before it was read. */
export type Arriving = Pick<Incoming, 'request' | 'response' | 'entrance' | 'upgrade'>;

/** Takes each request from the server: refuses it, finds its app, or says that there is none. */
export class Proxy {
  constructor(
    private readonly context: ProxyContext,
    private readonly table: LiveTable,
  ) {}

  /** Answers the exchange that was begun, for those who watch the connection; undefined when it is answered already. */
  handle({ request, response, entrance, upgrade }: Arriving): Exchange | undefined {
    const checked = checkRequest(headOf(request), entrance.protocol);
    if (isRefusal(checked)) {
      this.refuse({ request, response, entrance }, checked);
      return;
    }
    return this.forward({ request, response, entrance, ...(upgrade && { upgrade }) }, checked);
  }

  private forward(arriving: Arriving, checked: CheckedRequest): Exchange | undefined {
    const { request, response } = arriving;
    if (checked.path === '*') {
      this.answerForItself(response);
      return;
    }
    const app = this.table.find(checked.hostname);
    if (!app) {
      this.unknownHost(response, checked);
      return;
    }
    const clientAddress = addressOf(request.socket);
    const exchange = new Exchange(this.context, app, { ...arriving, checked, clientAddress });
    exchange.enter();
    return exchange;
  }

  /** `OPTIONS *` asks about the server, not about an app. */
  private answerForItself(response: ServerResponse): undefined {
    response
      .writeHead(200, { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', 'Content-Length': 0 })
      .end();
  }

  private unknownHost(response: ServerResponse, checked: CheckedRequest): undefined {
    if (this.context.isDraining()) response.shouldKeepAlive = false;
    sendPage(response, { ...UNKNOWN_HOST, requestId: checked.requestId ?? this.context.newRequestId() });
  }

  private refuse({ request, response, entrance }: Arriving, refusal: Refusal): undefined {
    const failure = requestError(refusal.status, refusal.cause);
    const { code, desc, status } = failure;
    const requestId = this.context.newRequestId();
    const text = `${textFor(code, desc)} (${refusal.cause})`;
    sendPage(response, { status, code, title: desc, text, requestId });
    const host = hostOf(request);
    const app = this.table.find(host);
    if (!app) return;
    const { protocol } = entrance;
    const record = { protocol, method: request.method ?? '', path: request.url ?? '', host, requestId };
    const nothing = { dyno: undefined, connectMs: undefined, serviceMs: undefined, bytes: undefined };
    this.context.log.write(
      app.id,
      accessText({ ...record, ...nothing, fwd: addressOf(request.socket), status, failure }),
    );
  }
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage) {
  return { method: method ?? '', url: url ?? '', httpVersion, rawHeaders };
}

/** The app a refused request was most likely meant for, so that its owner sees the refusal. */
function hostOf(request: IncomingMessage): string {
  const index = request.rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  return parseAuthority(index < 0 ? '' : (request.rawHeaders[index + 1] ?? ''))?.name ?? '';
}

/** IPv4 clients of a dual-stack socket are written as IPv4. */
function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
