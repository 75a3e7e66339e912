import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Scope } from '../../api/index.js';

export interface KnownRoute {
  readonly method: string;
  /** `/apps/:app/dynos` */
  readonly url: string;
  readonly schema: { readonly body?: unknown; readonly response?: unknown };
  readonly secretUrl: boolean;
  readonly open: boolean;
  /** What it asks of a token, where that does not follow from its method. */
  readonly scope: Scope | null;
  /** Who alone may use it. */
  readonly only: 'owner' | 'account' | null;
}

/** All routes of a server, as they were registered: for `Allow`, the OpenAPI document and the tests. */
export class RouteTable {
  private readonly routes: KnownRoute[] = [];
  private patterns: { readonly pattern: RegExp; readonly method: string }[] = [];

  /** Call it before the first route is registered. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => this.add(route));
  }

  list(): readonly KnownRoute[] {
    return this.routes;
  }

  /** The methods that a path takes; empty for a path of nothing. */
  methodsOf(path: string): string[] {
    const methods = this.patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }

  private add({ method, url, schema, config }: RouteOptions): void {
    const pattern = new RegExp(
      `^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[a-z]+/g, '[^/]+')}$`,
    );
    for (const each of [method].flat()) {
      this.routes.push({
        method: each,
        url,
        schema: schema ?? {},
        secretUrl: config?.secretUrl === true,
        open: config?.open === true,
        scope: config?.scope ?? null,
        only: config?.only ?? null,
      });
      this.patterns = [...this.patterns, { pattern, method: each }];
    }
  }
}
