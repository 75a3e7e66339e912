import { STATUS_CODES } from 'node:http';

export interface Page {
  readonly contentType: string;
  readonly body: string;
}

export interface PageContent {
  readonly status: number;
  /** `H10`; undefined for an unknown host. */
  readonly code: string | undefined;
  readonly title: string;
  readonly text: string;
  readonly requestId: string;
}

/** An error page for people, or JSON for who asks for that and not for HTML. Says nothing about apps, dynos or addresses. */
export function errorPage(content: PageContent, accept: string): Page {
  const wanted = accept.toLowerCase();
  return wanted.includes('json') && !wanted.includes('text/html') ? asJson(content) : asHtml(content);
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

const TEXTS: Readonly<Record<string, string>> = {
  H10: 'The app crashed. If it is yours, its logs say why.',
  H11: 'The app has more requests than it can take. Try again in a moment.',
  H14: 'No web dynos are running.',
  H20: 'The app did not start in time. If it is yours, its logs say why.',
  H80: 'The app is down for maintenance. Try again later.',
  H81: 'There is nothing here yet: nothing has been deployed to this app.',
};

export function textFor(code: string, desc: string): string {
  return TEXTS[code] ?? `The app could not answer this request: ${desc.toLowerCase()}.`;
}

export const UNKNOWN_HOST: Omit<PageContent, 'requestId'> = {
  status: 404,
  code: undefined,
  title: 'No such app',
  text: 'This is the router of tfk, a platform for web apps. No app answers to this host name.',
};

function asJson(content: PageContent): Page {
  const id = content.code ?? (content.status === 404 ? 'not_found' : 'bad_request');
  const body = JSON.stringify({ id, message: content.text, request_id: content.requestId });
  return { contentType: 'application/json; charset=utf-8', body: `${body}\n` };
}

function asHtml({ status, code, title, text, requestId }: PageContent): Page {
  const line = escapeHtml(
    `${status} ${reasonOf(status)}${code === undefined ? '' : ` · ${code}`} · ${requestId}`,
  );
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 34em; padding: 0 1em; color: #222; background: #fff; }
small { color: #666; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } small { color: #999; } }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
<p><small>${line}</small></p>
</body>
</html>
`;
  return { contentType: 'text/html; charset=utf-8', body };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
