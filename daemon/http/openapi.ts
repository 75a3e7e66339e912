import { STATUS_CODES } from 'node:http';
import type { KnownRoute } from './route-table.js';

/** The routes as an OpenAPI 3.1 document, of the same schemas by which requests are checked and replies are typed. */
export function openApi(routes: readonly KnownRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    if (route.method === 'HEAD') continue;
    const path = route.url.replace(/:([a-z]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'tfk',
      version,
      description: "Heroku's Platform API v3 for one machine; what is beyond it lives under /tfk.",
    },
    components: {
      schemas: { error: ERROR },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
      },
    },
    security: [{ token: [] }, { basic: [] }],
    paths,
  };
}

function operation({ url, schema, secretUrl, open }: KnownRoute): object {
  const names = [...url.matchAll(/:([a-z]+)/g)].map(([, name]) => name);
  return {
    ...(secretUrl || open ? { security: [] } : {}),
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(schema.body === undefined ? {} : { requestBody: { content: content(schema.body) } }),
    responses: {
      ...replies(schema.response),
      default: { description: 'An error', content: content({ $ref: '#/components/schemas/error' }) },
    },
  };
}

function replies(response: unknown): Record<string, object> {
  if (typeof response !== 'object' || response === null) return { 200: { description: 'OK' } };
  return Object.fromEntries(
    Object.entries(response).map(([status, schema]) => [
      status,
      { description: STATUS_CODES[status] ?? 'Reply', content: content(schema) },
    ]),
  );
}

const content = (schema: unknown): object => ({ 'application/json': { schema } });

const ERROR = {
  type: 'object',
  required: ['id', 'message'],
  properties: {
    id: { type: 'string' },
    message: { type: 'string' },
    url: { type: 'string' },
    hint: { type: 'string' },
    resource: { type: 'string' },
    suggestions: { type: 'array', items: { type: 'string' } },
  },
};
