import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';

import { ErrorAnswer, Readiness } from './answers.ts';
import { ROUTES } from './routes.ts';
import type { RouteDoc } from './routes.ts';

/** Every route may end so, whatever it does. */
const ALWAYS = [500, 503] as const;

/** No host but this one; and no upgrade to https, which a gateway in somebody's own network may not speak. */
const PAGE_POLICY = {
  'default-src': "'self'",
  'base-uri': "'self'",
  'frame-ancestors': "'none'",
  'img-src': ["'self'", 'data:'],
  'object-src': "'none'",
};

/**
 * The reference of this very gateway at `/docs`, from the schemas that its routes check bodies with. Registered before
 * the routes. Everything it shows comes from here: the page loads nothing from elsewhere and runs no inline script.
 */
export function registerOpenApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'DGrid gateway',
        version: '1',
        description: "OpenAI's API, with receipts. In words: docs/api.md and docs/errors.md of the repository.",
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({ schema: documented(schema, url, route), url: openApiPath(url) }),
  });
  void app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    indexPrefix: '',
    uiConfig: { validatorUrl: null }, // or the page would ask a stranger's server about this one
  });
}

/** OpenAPI has no wildcard; the one there is stands for a model's id. */
const openApiPath = (url: string): string => url.replace('*', ':model');

function documented(schema: FastifySchema, url: string, { method }: Pick<RouteOptions, 'method'>): FastifySchema {
  const doc = ROUTES[`${String(method)} ${url}`];
  if (doc === undefined) return { ...schema, hide: true };
  const params = [...openApiPath(url).matchAll(/:(\w+)/g)].map(([, name = '']) => [name, { type: 'string' }] as const);
  return {
    ...schema,
    summary: doc.summary,
    tags: [doc.group],
    security: doc.key ? [{ key: [] }] : [],
    ...(params.length === 0 ? {} : { params: { type: 'object', properties: Object.fromEntries(params) } }),
    response: responses(url, doc),
  };
}

function responses(url: string, doc: RouteDoc): Record<string, object> {
  const errors = [...new Set([...doc.errors, ...(doc.key ? [401] : []), ...ALWAYS])].toSorted();
  const said = (status: number): object => (url === '/readyz' && status === 503 ? Readiness : ErrorAnswer);
  const json = (schema: object, type = 'application/json'): object => ({ [type]: { schema } });
  const stream = { 'text/event-stream': { schema: { type: 'string' } } };
  return {
    200: {
      description: doc.summary,
      content: { ...json(doc.answer ?? {}, doc.type), ...(doc.streams === true ? stream : {}) },
    },
    ...Object.fromEntries(
      errors.map((status) => [status, { description: `Status ${status}`, content: json(said(status)) }]),
    ),
  };
}
