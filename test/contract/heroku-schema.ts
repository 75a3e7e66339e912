import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Parts of Heroku's published hyper-schema (draft 4) that say what a reply looks like. */
type Json = Readonly<Record<string, unknown>>;
interface Link {
  readonly href: string;
  readonly method: string;
  readonly title?: string;
  readonly targetSchema?: Json;
  /** Of the request. */
  readonly schema?: Json;
}

/** One verb of one resource. */
export interface SchemaLink {
  readonly resource: string;
  /** `Create`, `List by App`… */
  readonly title: string;
  readonly method: string;
  /** With `*` for each name in it: `/apps/*` + `/dynos`. */
  readonly path: string;
}

interface KnownLink extends SchemaLink {
  readonly pattern: RegExp;
  readonly schema: Json;
  /** What the body may have. */
  readonly fields: readonly string[];
}

/** Names of Heroku's own service, which nobody else's replies can have. */
const HEROKUS_OWN = /heroku/;

/** The published document is not ours to keep a copy of: https://github.com/heroku/platform-api, schema.json. */
const PUBLISHED =
  process.env['TFK_HEROKU_SCHEMA'] ??
  fileURLToPath(new URL('../../../shared/reference/heroku-platform-api-schema.json', import.meta.url));

/** Validates replies against Heroku's schema, by the route that gave them. */
export class HerokuSchema {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });
  private readonly links: KnownLink[] = [];

  private constructor(private readonly document: Json) {
    formats.default(this.ajv);
    this.ajv.addSchema(asDraft7(document) as Json, 'heroku');
    this.collectLinks();
  }

  /** Undefined, and said on stderr, where the document is not at hand. */
  static published(): HerokuSchema | undefined {
    if (existsSync(PUBLISHED)) return new HerokuSchema(JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Json);
    process.stderr.write(
      `Not tried: Heroku's schema is not at ${PUBLISHED} (set TFK_HEROKU_SCHEMA to where it is).\n`,
    );
    return undefined;
  }

  knows(method: string, url: string): boolean {
    return this.linkOf(method, url) !== undefined;
  }

  /** All that Heroku's API has. */
  all(): readonly SchemaLink[] {
    return this.links;
  }

  /** The verbs that a request may ask for: some differ by the body alone. */
  asked(method: string, url: string): readonly SchemaLink[] {
    return this.links.filter((link) => isOf(link, method, url));
  }

  /** The fields that bodies of such a request may have; of requests that differ by the body alone, all of theirs. */
  fields(method: string, url: string): string[] {
    return this.links.filter((link) => isOf(link, method, url)).flatMap(({ fields }) => fields);
  }

  /** What is wrong with the reply, one sentence each. */
  violations(method: string, url: string, reply: unknown): string[] {
    const link = this.linkOf(method, url);
    if (!link) return [`Heroku's schema has no ${method} ${url}`];
    if (`${method} ${link.path}` === PURGE) return [];
    const validate = this.ajv.compile(link.schema);
    validate(reply);
    const missing = this.missing(link.schema, reply).map((name) => `${name} is missing`);
    const wrong = (validate.errors ?? []).filter((error) => !isAskedFor(error));
    return [...wrong.map(text), ...missing];
  }

  private linkOf(method: string, url: string) {
    return this.links.find((link) => isOf(link, method, url));
  }

  private collectLinks(): void {
    const definitions = this.document['definitions'] as Record<string, { links?: Link[] }>;
    for (const [name, { links = [] }] of Object.entries(definitions)) {
      for (const { href, method, title = '', targetSchema, schema: request = {} } of links) {
        const schema = absolute(targetSchema ?? { $ref: `#/definitions/${name}` });
        const path = decodeURIComponent(href).replace(/\{[^{}]*\}/g, '*');
        const pattern = new RegExp(`^${path.replaceAll('*', '[^/]+')}$`);
        const fields = Object.keys((this.resolve(request)['properties'] as Json | undefined) ?? {});
        this.links.push({ resource: name, title, method, path, pattern, schema, fields });
      }
    }
  }

  /** The schema requires nothing; but a client of it may read every property that it lists. */
  private missing(schema: Json, reply: unknown): string[] {
    const target = this.resolve((schema['items'] as Json | undefined) ?? schema);
    const first: unknown = Array.isArray(reply) ? reply[0] : reply;
    if (typeof first !== 'object' || first === null) return [];
    const properties = Object.keys((target['properties'] as Json | undefined) ?? {});
    return properties.filter((property) => !(property in first));
  }

  private resolve(schema: Json): Json {
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return schema;
    let found: unknown = this.document;
    for (const step of reference.replace(/^.*#\//, '').split('/')) found = (found as Json)[step];
    return this.resolve(found as Json);
  }
}

/** The schema has it answer with a build, and there is none: its one client, the builds plugin, reads nothing of the reply. */
const PURGE = 'DELETE /apps/*/build-cache';

const isOf = (link: KnownLink, method: string, url: string): boolean =>
  link.method === method && link.pattern.test(url.split('?')[0] ?? '');

/** An attachment's plan: Heroku's CLI asks for it by a header (`Accept-Inclusion`), and fails without it. */
const isAskedFor = ({ instancePath, params }: ErrorObject): boolean =>
  instancePath.endsWith('/addon') && params['additionalProperty'] === 'plan';

const text = ({ instancePath, message, params }: ErrorObject): string =>
  `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`;

/** References into the document that was added under the name `heroku`. */
const absolute = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"heroku#/')) as Json;

/**
 * Draft 4 → 7 as far as this document needs it: its own keywords and ids go, and so do patterns and formats that only
 * Heroku's own host names have.
 */
function asDraft7(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asDraft7);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => !isForeign(key, value));
  return Object.fromEntries(entries.map(([key, value]) => [key, asDraft7(value)]));
}

function isForeign(key: string, value: unknown): boolean {
  if (['links', '$schema', 'example', 'default', 'strictProperties'].includes(key)) return true;
  if (key === 'id') return typeof value === 'string';
  if (key === 'pattern') return typeof value === 'string' && HEROKUS_OWN.test(value);
  // A host name is called a URI there; and an empty list of an enumeration's names is not JSON Schema.
  return (
    (key === 'format' && value === 'uri') || (key === 'enum' && Array.isArray(value) && value.length === 0)
  );
}
