import type { Fetch, Timers } from '../core/index.ts';

/** What uploads use of an `XMLHttpRequest`: browsers tell in no other way how much of a body has been sent. */
export interface UploadRequest extends Pick<
  XMLHttpRequest,
  | 'open'
  | 'setRequestHeader'
  | 'send'
  | 'abort'
  | 'getAllResponseHeaders'
  | 'status'
  | 'statusText'
  | 'responseText'
  | 'withCredentials'
> {
  addEventListener(type: 'load' | 'error', listener: () => void): void;
  readonly upload: {
    addEventListener(type: 'progress', listener: (event: ProgressEvent) => void): void;
  };
}

/** Bytes; `total` is null where the browser does not know it. */
export interface Progress {
  readonly loaded: number;
  readonly total: number | null;
}

const BODILESS = [204, 205, 304];

/**
 * A `fetch` for uploads. It gives up, as timed out, when for `stallMs` milliseconds no byte has moved: a large file may
 * take as long as it needs.
 */
export function xhrFetch(
  create: () => UploadRequest,
  timers: Timers,
  stallMs: number,
  onProgress: (progress: Progress) => void,
): Fetch {
  return (url, { method = 'POST', headers, body = null, signal, credentials } = {}) =>
    new Promise((resolve, reject) => {
      if (typeof url !== 'string' || body instanceof ReadableStream) {
        reject(new TypeError('an upload needs an address and a body that can be sent again'));
        return;
      }
      const request = create();
      let stall = timers.after(stallMs, () => end('TimeoutError'));
      const end = (name: string): void => {
        stall();
        request.abort();
        reject(new DOMException('', name));
      };
      request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
        stall();
        stall = timers.after(stallMs, () => end('TimeoutError'));
        onProgress({ loaded, total: lengthComputable ? total : null });
      });
      request.addEventListener('load', () => {
        stall();
        const { status, statusText, responseText } = request;
        const answered = new Headers();
        for (const [, name, value] of request
          .getAllResponseHeaders()
          .matchAll(/^([^:\s]+):[ \t]*(.*?)\s*$/gm)) {
          if (name !== undefined && value !== undefined) answered.append(name, value);
        }
        const text = BODILESS.includes(status) ? null : responseText;
        resolve(new Response(text, { status, statusText, headers: answered }));
      });
      request.addEventListener('error', () => {
        stall();
        reject(new TypeError('the connection broke'));
      });
      signal?.addEventListener('abort', () => end('AbortError'));
      request.open(method, url);
      request.withCredentials = credentials === 'include';
      new Headers(headers).forEach((value, name) => request.setRequestHeader(name, value));
      if (signal?.aborted) end('AbortError');
      else request.send(body);
    });
}
