import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly payload: Payload;
}

export interface Payload {
  readonly id: string;
  readonly action: string;
  readonly actor: { readonly email: string };
  readonly resource: string;
  readonly sequence: string;
  readonly version: string;
  readonly data: Record<string, unknown>;
  readonly previous_data: Record<string, unknown>;
  readonly webhook_metadata: Record<'attempt' | 'delivery' | 'event' | 'webhook', { id: string }>;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How the next requests are answered: a status, what to do with the response, or nothing at all (`hang`). */
  answer: number | 'hang' | ((response: ServerResponse) => void);
  close(): Promise<void>;
}

/** A server on this machine that takes deliveries, as a user would write one. */
export async function openReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url: path = '', headers } = request;
      receiver.received.push({ method, path, headers, body, payload: JSON.parse(body) as Payload });
      const { answer } = receiver;
      if (answer === 'hang') return;
      if (typeof answer === 'function') answer(response);
      else response.writeHead(answer).end('seen');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received: [],
    answer: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

export function expectSigned({ headers, body }: Received, secret: string): void {
  const signature = createHmac('sha256', secret).update(body).digest('base64');
  expect(headers['heroku-webhook-hmac-sha256']).toBe(signature);
}
