import { request, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** As our own client, so that a hint is told apart. */
const ACCEPT = 'application/vnd.heroku+json; version=3.tfk';

/** tfkd refuses; its words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly lines: readonly string[]) {
    super(lines[0] ?? 'refused');
  }
}

/** The two requests of a push's hook to tfkd: "this push deploys", and "here is the source". */
export class DaemonOfPush {
  constructor(
    private readonly socketPath: string,
    private readonly secret: string,
  ) {}

  /** Throws Refused where another push deploys the app. */
  async claim(commit: { readonly id: string; readonly message: string }): Promise<void> {
    const answer = this.send('POST', '', 'application/json');
    answer.request.end(JSON.stringify({ commit: commit.id, message: commit.message }));
    await textOf(await succeeded(await answer.reply));
  }

  /** Answers what is to be shown, and at its end how it went. An early refusal wins over the upload that it broke. */
  async deploy(source: Readable): Promise<IncomingMessage> {
    const { request: outgoing, reply } = this.send('PUT', '/source', 'application/octet-stream');
    const sent = pipeline(source, outgoing).catch(() => undefined);
    const answered = await reply;
    if (answered.statusCode === 200) await sent;
    return succeeded(answered);
  }

  private send(method: string, path: string, type: string) {
    const outgoing = request({
      socketPath: this.socketPath,
      method,
      path: `/tfk/git/pushes/${this.secret}${path}`,
      headers: { host: 'localhost', accept: ACCEPT, 'content-type': type },
    });
    const reply = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.on('error', (error) => setImmediate(() => reject(error)));
    });
    return { request: outgoing, reply };
  }
}

async function succeeded(reply: IncomingMessage): Promise<IncomingMessage> {
  if (reply.statusCode !== undefined && reply.statusCode < 300) return reply;
  const { message, hint } = JSON.parse(await textOf(reply)) as { message: string; hint?: string };
  throw new Refused(hint === undefined ? [message] : [message, hint]);
}

async function textOf(reply: IncomingMessage): Promise<string> {
  reply.setEncoding('utf8');
  let text = '';
  for await (const chunk of reply) text += chunk as string;
  return text;
}
