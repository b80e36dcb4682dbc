import type { FastifyRequest } from 'fastify';

import type { ApiKey } from '../../account/key-file.ts';
import { DgridError } from '../../errors.ts';

const BEARER = /^Bearer +(\S{1,512}) *$/i;

/** @throws DgridError (401) unless the request carries a key that was given out. */
export function requireKey(request: FastifyRequest, check: (presented: string) => ApiKey | undefined): ApiKey {
  const presented = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (presented === undefined)
    throw new DgridError('DGRID_MISSING_KEY', 'Send an API key: "Authorization: Bearer <key>".');
  const key = check(presented);
  if (key === undefined) throw new DgridError('DGRID_INVALID_KEY', 'This API key is not known to this gateway.');
  return key;
}
