import type { FetchArgs } from '@reduxjs/toolkit/query';
import type { BaseQueryOptions } from './types.ts';

const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/** Where a request goes. `own`: to the server of `baseUrl`, which alone may see the session's token. */
export interface Address {
  readonly url: string;
  readonly own: boolean;
}

export function addressOf(
  { url, params }: FetchArgs,
  baseUrl: string,
  serialize: BaseQueryOptions['paramsSerializer'],
): Address {
  const base = baseUrl.replace(/\/+$/, '');
  const absolute = ABSOLUTE.test(url);
  let full = absolute ? url : base + (base === '' || /^[/?]/.test(url) ? url : `/${url}`);
  if (params) {
    const given: Record<string, string> = Object.fromEntries(
      Object.entries(params).filter(([, value]) => value !== undefined),
    );
    const query = serialize ? serialize(given) : String(new URLSearchParams(given));
    if (query !== '') full += (full.includes('?') ? '&' : '?') + query;
  }
  return { url: full, own: !absolute || (base !== '' && full.startsWith(`${base}/`)) };
}

/** Headers in all their forms, later ones over earlier ones; members that are undefined say nothing. */
export function headersOf(...all: readonly FetchArgs['headers'][]): Headers {
  const headers = new Headers();
  for (const given of all) {
    const pairs = given instanceof Headers || Array.isArray(given) ? given : Object.entries(given ?? {});
    for (const [name, value] of pairs)
      if (name !== undefined && value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** The body as `fetch` takes it. Sets the content type that fits, and takes away one that does not. */
export function bodyOf(body: FetchArgs['body'], headers: Headers): BodyInit | null {
  const json =
    typeof body === 'object' &&
    body !== null &&
    (Array.isArray(body) ||
      'toJSON' in body ||
      [Object.prototype, null].includes(Object.getPrototypeOf(body)));
  if (json) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return JSON.stringify(body);
  }
  // Without a body there is no type, and a form's has a boundary that only the platform knows.
  if ((body ?? null) === null || body instanceof FormData || (isJson(headers) && typeof body !== 'string')) {
    headers.delete('content-type');
  }
  return body ?? null;
}

export function isJson(headers: Headers): boolean {
  return /\bjson\b/i.test(headers.get('content-type') ?? '');
}
