import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { codeOf, messageOf, UserError } from '../errors.js';
import { transportTo, type Endpoint, type Transport } from './endpoint.js';
import { apiError } from './errors.js';

export interface RequestOptions {
  readonly body?: unknown;
  /** Heroku's paging: `version ..; max=1, order=desc`. */
  readonly range?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Milliseconds of silence after which the request is given up; 0 waits for ever. */
  readonly silence?: number;
  readonly signal?: AbortSignal;
}

export interface Reply<T> {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: T;
}

export interface Upgraded {
  readonly socket: Duplex;
  /** Bytes that came with the reply's head already. */
  readonly head: Buffer;
}

/** Our variant of Heroku's version 3: a process is attached to by our own protocol. */
const ACCEPT = 'application/vnd.heroku+json; version=3.tfk';
const SILENCE = 120_000;
/** A question is answered sooner: the longest polls take 25 s. */
const SILENCE_OF_GET = 40_000;
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);
/** tfkd died while it answered. Only a question may then be asked again. */
const CUT_OFF = new Set(['ECONNRESET', 'EPIPE']);

/** tfkd's API over one endpoint. `revive` is called once when nothing listens there; then the request is sent again. */
export class Client {
  #transport: Promise<Transport> | null = null;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly userAgent: string,
    private readonly revive: (() => Promise<void>) | null,
    /** Told what tfkd wants the user to know beside its answer (Heroku's `X-Heroku-Warning`). */
    private readonly warn: (text: string) => void = () => undefined,
  ) {}

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.request<T>('GET', path, options)).body;
  }

  async post<T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    return (await this.request<T>('POST', path, { ...options, body })).body;
  }

  async patch<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return (await this.request<T>('PATCH', path, { ...options, body })).body;
  }

  async delete<T>(path: string, body?: unknown): Promise<T> {
    return (await this.request<T>('DELETE', path, { body })).body;
  }

  /** All pages of a list. */
  async list<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let range: string | undefined;
    do {
      const reply = await this.request<T[]>('GET', path, range === undefined ? {} : { range });
      items.push(...reply.body);
      const next = reply.headers['next-range'];
      range = typeof next === 'string' ? next : undefined;
    } while (range !== undefined);
    return items;
  }

  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
    const reply = await this.open(method, path, {
      silence: method === 'GET' ? SILENCE_OF_GET : SILENCE,
      ...options,
    });
    const text = await textOf(reply);
    const body = (text === '' ? undefined : JSON.parse(text)) as T;
    return { status: reply.statusCode ?? 0, headers: reply.headers, body };
  }

  /** A reply whose body is read as it comes. An error status throws, as everywhere. */
  async open(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const reply = await this.#answered(
      async () => {
        const request = await this.#start(method, path, options);
        const answer = replyTo(request);
        request.end(bodyOf(options));
        return answer;
      },
      method === 'GET' ? CUT_OFF : new Set(),
    );
    const answer = await succeeded(reply);
    const warning = answer.headers['x-heroku-warning'];
    if (typeof warning === 'string') this.warn(warning);
    return answer;
  }

  /** Sends a stream as the body. An early refusal (too large, disk full) is told in tfkd's words, not as a broken pipe. */
  async upload(path: string, body: Readable, signal?: AbortSignal): Promise<void> {
    const request = await this.#start('PUT', path, {
      headers: { 'content-type': '' },
      ...(signal === undefined ? {} : { signal }),
    });
    const answer = replyTo(request);
    body.on('error', (error) => request.destroy(error));
    request.on('close', () => body.destroy());
    body.pipe(request);
    const reply = await answer.catch((error: unknown) => {
      throw this.#explained(error);
    });
    await textOf(await succeeded(reply));
  }

  async upgrade(path: string, protocol: string): Promise<Upgraded> {
    const request = await this.#start('GET', path, {
      headers: { connection: 'Upgrade', upgrade: protocol },
    });
    return new Promise((resolve, reject) => {
      request.once('upgrade', (_reply, socket, head) => {
        resolve({ socket, head });
      });
      request.once('response', (reply) => {
        textOf(reply).then((text) => reject(apiError(reply.statusCode ?? 0, text)), reject);
      });
      request.once('error', (error) => reject(this.#explained(error)));
      request.end();
    });
  }

  async close(): Promise<void> {
    (await this.#transport)?.agent.destroy();
  }

  async #start(method: string, path: string, options: RequestOptions): Promise<ClientRequest> {
    this.#transport ??= transportTo(this.endpoint);
    const { send, agent } = await this.#transport;
    const body = bodyOf(options);
    const request = send(
      {
        ...this.endpoint.options,
        agent,
        method,
        path: pathOf(path),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        headers: {
          accept: ACCEPT,
          'user-agent': this.userAgent,
          ...(body === undefined ? {} : jsonHeaders(body)),
          ...(options.range === undefined ? {} : { range: options.range }),
          ...options.headers,
          ...(this.endpoint.options.headers as OutgoingHttpHeaders),
        },
      },
      () => undefined,
    );
    if (options.silence !== undefined) giveUpAfter(request, options.silence);
    return request;
  }

  /** Sent again, with tfkd started, where nobody can have heard of the request; once more as it is where `again` allows. */
  async #answered(
    attempt: () => Promise<IncomingMessage>,
    again: ReadonlySet<string>,
  ): Promise<IncomingMessage> {
    try {
      return await attempt().catch((error: unknown) => {
        if (!again.has(codeOf(error) ?? '')) throw error;
        return attempt();
      });
    } catch (error) {
      if (!NOT_THERE.has(codeOf(error) ?? '') || this.revive === null) throw this.#explained(error);
    }
    await this.revive();
    return attempt().catch((error: unknown) => {
      throw this.#explained(error);
    });
  }

  #explained(error: unknown): Error {
    const code = codeOf(error) ?? '';
    if (error instanceof Error && (error instanceof UserError || code === 'ABORT_ERR' || code === '')) {
      return error;
    }
    if (NOT_THERE.has(code)) {
      return new UserError(`No tfkd answers at ${this.endpoint.name}.`, {
        hint: 'Type: tfk daemon start',
        cause: error,
      });
    }
    return new UserError(`The connection to tfkd (${this.endpoint.name}) failed: ${messageOf(error)}`, {
      hint: 'Type: tfk daemon status',
      cause: error,
    });
  }
}

/** tfkd answers paths or addresses of its own; both are asked at the endpoint in use. */
export function pathOf(address: string): string {
  if (address.startsWith('/')) return address;
  const url = new URL(address);
  return url.pathname + url.search;
}

export async function textOf(reply: IncomingMessage): Promise<string> {
  reply.setEncoding('utf8');
  let text = '';
  for await (const chunk of reply) text += chunk as string;
  return text;
}

function bodyOf({ body }: RequestOptions): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

/** The length is told outright: Node frames no body of a DELETE by itself. */
function jsonHeaders(body: string): OutgoingHttpHeaders {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
}

async function succeeded(reply: IncomingMessage): Promise<IncomingMessage> {
  const status = reply.statusCode ?? 0;
  if (status >= 200 && status < 300) return reply;
  throw apiError(status, await textOf(reply));
}

/** The reply wins over a failing write: a server that refuses a body early closes the connection under it. */
function replyTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (error) => setImmediate(() => reject(error)));
  });
}

function giveUpAfter(request: ClientRequest, silence: number): void {
  request.setTimeout(silence, () => {
    request.destroy(
      new UserError(`tfkd said nothing for ${silence / 1000} s; it may still be at work.`, {
        hint: 'Type: tfk daemon logs',
      }),
    );
  });
}
