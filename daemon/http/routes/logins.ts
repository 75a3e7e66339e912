import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BeginLogin, BegunLogin, Login, type Login as LoginJson } from '../../../api/index.js';
import { notFound } from '../../shared/errors.js';
import { requesterOf } from '../access/requester.js';
import type { Context } from '../context.js';
import type { Login as WaitingLogin } from '../logins.js';
import { timeOf } from '../platform.js';
import { sendStream } from '../streams.js';

interface OfCode {
  Params: { code: string };
}
interface OfSecret {
  Params: { secret: string };
}

/** As long as Heroku's own. */
const TOKEN_LIFE_MS = 30 * 86_400_000;

/** `heroku login`: Heroku's login service is tfkd too (HEROKU_LOGIN_HOST), and a user of this tfkd says yes by `tfk auth:approve`. */
export function loginRoutes(app: FastifyInstance, context: Context): void {
  const { logins } = context;
  const open = { open: true } as const;
  app.post<{ Body: BeginLogin }>(
    '/auth',
    { config: open, schema: { body: BeginLogin, response: { 201: BegunLogin } } },
    ({ body }, reply) => {
      const { code, secret } = logins.begin(body.description ?? 'A login by a browser');
      void reply.status(201);
      return { browser_url: `/auth/browser/${code}`, cli_url: `/auth/cli/${secret}`, token: secret };
    },
  );
  app.get<OfCode>('/auth/browser/:code', { config: open }, ({ params }, reply) =>
    sendPage(reply, logins.find(params.code)),
  );
  app.get<OfSecret>(
    '/auth/cli/:secret',
    { config: { secretUrl: true }, exposeHeadRoute: false },
    (request, reply) => outcome(context, request, reply),
  );
  approvalRoutes(app, context);
}

function approvalRoutes(app: FastifyInstance, { logins }: Context): void {
  const one = { config: { scope: 'global' }, schema: { response: { 200: Login } } } as const;
  app.get<OfCode>('/tfk/logins/:code', one, ({ params }) => toJson(logins.find(params.code)));
  app.post<OfCode>('/tfk/logins/:code/actions/approve', one, (request) =>
    toJson(logins.approve(request.params.code, requesterOf(request).user.id)),
  );
}

const REFUSED = JSON.stringify({
  error: 'Nobody approved this login in time. Try again, or: heroku login -i',
});

/** Heroku's CLI waits for the answer to one request. The token is made when there is an answer: where nobody waits, there is none. */
async function outcome(
  context: Context,
  { params: { secret } }: FastifyRequest<OfSecret>,
  reply: FastifyReply,
): Promise<void> {
  const { logins, services, clock } = context;
  const login = logins.approval(secret);
  if (!login) throw notFound('login', 'No such login waits.', 'Begin another: heroku login');
  const { code, description, approval } = login;
  const leave = logins.await(code);
  try {
    await sendStream(context, reply, answer, { contentType: 'application/json', heartbeat: ' ' });
  } finally {
    leave();
  }

  async function* answer(signal: AbortSignal): AsyncGenerator<string, void> {
    const userId = await Promise.race([approval, aborted(signal)]);
    if (signal.aborted) return;
    if (userId === null || !logins.take(secret)) {
      yield REFUSED;
      return;
    }
    const expiresAt = clock.now() + TOKEN_LIFE_MS;
    const { token } = services.account.createToken({ userId, description, scope: ['global'], expiresAt });
    yield JSON.stringify({ access_token: token });
  }
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });

const toJson = ({ code, description, createdAt, expiresAt }: WaitingLogin): LoginJson => ({
  code,
  description,
  created_at: timeOf(createdAt),
  expires_at: timeOf(expiresAt),
});

/** It asks for nothing and can do nothing: who may approve says so where tfkd knows them. */
function sendPage(reply: FastifyReply, { code, description }: WaitingLogin): string {
  void reply
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
  return `<!doctype html>
<html lang="en">
<title>Log in to tfk</title>
<meta name="viewport" content="width=device-width">
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }
code { font-size: 1.3rem }</style>
<h1>Log in to tfk</h1>
<p>A client asks to be let in: <q>${escaped(description)}</q>. If you have just typed <code>heroku login</code>,
say yes on the machine itself:</p>
<p><code>tfk auth:approve ${code}</code></p>
<p>If you have not, close this page: without that nobody is let in.</p>
</html>
`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (letter) => ESCAPES[letter] ?? '');
